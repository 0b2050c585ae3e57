#include <cerrno>
#include <filesystem>
#include <memory>

#include "base/check.h"
#include "sharding/commands.h"
#include "sharding/source_options.h"

namespace ringmaster::sharding {
namespace {

struct OrganiseArguments {
  SourceArguments source;
  std::string output, make = "print";
};

void copy_image(FileSystem& files, const Source& source, std::size_t split, std::size_t item,
                const std::string& to) {
  std::vector<std::byte> bytes;
  source.read(split, item, bytes);
  const std::string temporary = to + ".tmp";
  const auto file = files.create(temporary);
  file->append(bytes);
  file->close();
  files.rename(temporary, to);
}

void link_image(const std::string& how, const std::string& from, const std::string& to) {
  std::error_code code;
  if (how == "hardlink") {
    std::filesystem::create_hard_link(from, to, code);
  } else {
    std::filesystem::create_symlink(std::filesystem::absolute(from), to, code);
  }
  if (code) throw io_error(join_text(how, " ", from, " as ", to), code.value());
}

// Makes, or prints, val/CLASS/FILE for every item of `split`. What is there already stays.
void organise(const Surroundings& at, const Source& source, std::size_t split,
              const OrganiseArguments& a) {
  const std::vector<SourceItem>& items = source.splits()[split].items;
  std::size_t made = 0;
  std::string folder;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (a.make == "print") {
      at.out << items[i].name << '\t' << source.locate(split, i) << '\n';
      continue;
    }
    const std::string to = join_path(a.output, items[i].name);
    if (parent_path(to) != folder) at.files.make_dirs(folder = parent_path(to));
    if (at.files.exists(to)) continue;
    const std::string from = source.path(split, i);
    RM_REQUIRE(a.make == "copy" || !from.empty(), ErrorKind::kInvalidArgument, "--make ", a.make,
               ": ", source.locate(split, i), " is no file of its own. Use --make copy");
    if (a.make == "copy") {
      copy_image(at.files, source, split, i, to);
    } else {
      link_image(a.make, from, to);
    }
    ++made;
  }
  if (a.make != "print")
    at.out << made << " of " << items.size() << " images made below " << a.output << "/val, "
           << items.size() - made << " were there\n";
}

int run_organise(const Surroundings& at, const OrganiseArguments& a) {
  RM_REQUIRE((a.make == "print") == a.output.empty(), ErrorKind::kInvalidArgument,
             "--make hardlink, symlink or copy takes --output DIR, and --output takes --make");
  const auto source = open_source(at.files, a.source);
  for (std::size_t s = 0; s < source->splits().size(); ++s) {
    if (source->splits()[s].name != "val") continue;
    organise(at, *source, s, a);
    return kExitDone;
  }
  throw Error(ErrorKind::kBadData, a.source.shown() + " has no validation images");
}

}  // namespace

config::Command organise_val_command(const Surroundings& at) {
  const auto arguments = std::make_shared<OrganiseArguments>();
  config::Command command{.name = "organise-val",
                          .summary = "show or make class folders of ImageNet's validation images"};
  declare_source(command.keys, arguments->source);
  command.keys.group("view");
  command.keys.add("output", &arguments->output, "Folder for val/CLASS/FILE; made where missing.");
  command.keys.add("make", &arguments->make,
                   "print: one line an image, name in class folders and where it lies; else the "
                   "files themselves. The source is never changed.",
                   {config::one_of({"print", "hardlink", "symlink", "copy"})});
  command.run = [&at, arguments](const config::Declarations&) {
    return run_organise(at, *arguments);
  };
  return command;
}

}  // namespace ringmaster::sharding
