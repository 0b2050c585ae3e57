#include <memory>

#include "base/check.h"
#include "base/version.h"
#include "sharding/audit.h"
#include "sharding/commands.h"
#include "sharding/output_lock.h"
#include "sharding/pack.h"
#include "sharding/print_data_set.h"
#include "sharding/source_options.h"
#include "sharding/work_options.h"

namespace ringmaster::sharding {
namespace {

struct PackArguments {
  SourceArguments source;
  std::string output, part = "1/1";
  std::string format = "record", mode = "copy", bad = "fail", check = "auto", expect = "nothing";
  std::int64_t shards = 0, ranks = 0, subset = 0, seed = 0, workers = 0;
  std::int64_t shard_bytes = 256 << 20, memory_bytes = 256 << 20;
  std::int64_t shorter_side = 512, quality = 90;
  bool overwrite = false, optimise = false;
};

void declare(config::Declarations& keys, PackArguments& a) {
  using namespace config;  // the traits
  declare_source(keys, a.source);
  keys.group("what");
  keys.add("output", &a.output,
           "Folder of the data set. An interrupted pack goes on when it is called again.",
           {required()});
  keys.add("subset", &a.subset, "Only so many images of each class, at random; 0: all.",
           {at_least(0)});
  keys.group("how it is packed");
  keys.add("format", &a.format, "Container of the shards: our own, or HDF5, which h5py opens.",
           {one_of({"record", "hdf5"})});
  keys.add("mode", &a.mode,
           "copy: the bytes of the files stay as they are. resize: larger images are made smaller.",
           {one_of({"copy", "resize"})});
  keys.add("shorter_side", &a.shorter_side,
           "resize: the shorter side of larger images becomes so long; smaller images stay.",
           {in_range(8, 65500), unit("pixels"), alias("max_side")});
  keys.add("quality", &a.quality, "resize: JPEG quality.", {in_range(1, 100)});
  keys.add("optimise", &a.optimise,
           "Rewrite JPEGs without loss: baseline, tables of their own, restart markers, so that "
           "training decodes only the rows of its crop.",
           {flag()});
  keys.add("shards", &a.shards, "Number of training shards; 0: by shard_bytes.",
           {in_range(0, 1e6)});
  keys.add("ranks", &a.ranks, "Make the number of shards a multiple of this; 0: any number.",
           {in_range(0, 1e6)});
  keys.add("shard_bytes", &a.shard_bytes, "Size of a shard.", {at_least(1), unit("bytes")});
  keys.add("seed", &a.seed, "Of the order in which the classes are mixed.", {at_least(0)});
  keys.group("files that are no sound image");
  keys.add("bad", &a.bad,
           "fail: stop and name the file. drop: leave it out, and list it. fix: also transcode to "
           "plain RGB JPEG what is CMYK, a PNG called .JPEG or to be turned, and list it.",
           {one_of({"fail", "drop", "fix"})});
  keys.add("check", &a.check,
           "Look at headers alone, or decode every image; auto: decode with drop and fix.",
           {one_of({"auto", "header", "decode"})});
  keys.add("expect", &a.expect,
           "imagenet: 1,281,167 and 50,000 images in 1000 classes, or nothing is packed.",
           {one_of({"nothing", "imagenet"})});
  keys.group("machine");
  keys.add("workers", &a.workers, "Threads; the bytes don't depend on it. 0: one a core.",
           {in_range(0, 1024)});
  keys.add("memory_bytes", &a.memory_bytes, "Images held in memory at once.",
           {at_least(1), unit("bytes"), alias("memory")});
  keys.add(
      "part", &a.part,
      "I/N: pack the I-th of N parts into a folder that N machines share; `merge` joins them.");
  keys.add("overwrite", &a.overwrite, "Replace another data set that lies in the output folder.",
           {flag()});
}

void require_expected(const Source& source, const std::string& expect) {
  std::string text;
  for (const std::string& sentence : unmet_expectations(source, expect)) text += "; " + sentence;
  RM_REQUIRE(text.empty(), ErrorKind::kBadData, "--expect ", expect, text, ". Nothing was packed");
}

PackOptions options_of(const PackArguments& a) {
  RM_REQUIRE(a.shards == 0 || a.ranks == 0 || a.shards % a.ranks == 0, ErrorKind::kInvalidArgument,
             "--shards ", a.shards, " is no multiple of --ranks ", a.ranks);
  PackOptions options;
  options.output = a.output;
  options.plan = {.rule = {.shards = a.shards,
                           .ranks = a.ranks,
                           .shard_bytes = static_cast<std::uint64_t>(a.shard_bytes)},
                  .seed = static_cast<std::uint64_t>(a.seed),
                  .subset_per_class = a.subset,
                  .container = shard::parse_container(a.format, "--format")};
  options.bad = a.bad == "drop"  ? BadPolicy::kDrop
                : a.bad == "fix" ? BadPolicy::kFix
                                 : BadPolicy::kFail;
  const bool decode = a.check == "auto" ? options.bad != BadPolicy::kFail : a.check == "decode";
  options.check = decode ? CheckDepth::kDecode : CheckDepth::kHeader;
  if (a.mode == "resize") options.reshape.shorter_side = static_cast<int>(a.shorter_side);
  options.reshape.quality = static_cast<int>(a.quality);
  options.reshape.optimise = a.optimise;
  options.workers = worker_count(a.workers);
  options.memory_bytes = static_cast<std::uint64_t>(a.memory_bytes);
  options.part = parse_part(a.part);
  RM_REQUIRE(options.part.whole() || !a.overwrite, ErrorKind::kInvalidArgument,
             "--overwrite with --part would remove what other parts write: empty ", a.output,
             " first");
  options.overwrite = a.overwrite;
  options.packer = join_text(kProgram, " ", version());
  return options;
}

int run_pack(const Surroundings& at, const PackArguments& arguments) {
  const PackOptions options = options_of(arguments);
  const auto source = open_source(at.files, arguments.source);
  at.err << arguments.source.shown() << ": " << source->description() << std::endl;
  if (source->splits().size() == 1)
    at.err << "there is no validation split: a run on this data set can't be evaluated"
           << std::endl;

  if (arguments.expect != "nothing") require_expected(*source, arguments.expect);

  const OutputLock lock(options.output, options.part);
  StopSignals signals;
  ProgressLine progress = make_progress(at, signals, "packed");
  const PackResult result = pack(at.files, *source, options, progress);
  progress.end();
  switch (result.outcome) {
    case PackOutcome::kStopped:
      at.err << "stopped. The same command goes on from the finished shards" << std::endl;
      return stopped_exit_code(signals);
    case PackOutcome::kAlreadyPacked:
      at.out << options.output << " is already packed:\n";
      break;
    case PackOutcome::kPacked:
      at.out << "packed " << arguments.source.shown() << " into " << options.output << " in "
             << duration_text(progress.elapsed_s()) << ":\n";
  }
  print_data_set(at.out, result.manifest);
  if (options.part.whole()) {
    print_summary(at.out, at.files, options.output);
  } else {
    at.out << "this is part " << arguments.part << "; when all are there: " << kProgram << " merge "
           << options.output << "\n";
  }
  return kExitDone;
}

}  // namespace

config::Command pack_command(const Surroundings& at) {
  const auto arguments = std::make_shared<PackArguments>();
  config::Command command{.name = "pack", .summary = "pack a source of images into shards"};
  declare(command.keys, *arguments);
  command.run = [&at, arguments](const config::Declarations&) { return run_pack(at, *arguments); };
  return command;
}

}  // namespace ringmaster::sharding
