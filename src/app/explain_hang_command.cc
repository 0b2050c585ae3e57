#include <iostream>
#include <memory>

#include "app/commands.h"
#include "base/error.h"
#include "base/file.h"
#include "flight/explain.h"

namespace ringmaster::app {
namespace {

struct Arguments {
  std::string folder;
  bool json = false;
};

}  // namespace

config::Command explain_hang_command() {
  const auto arguments = std::make_shared<Arguments>();
  config::Command command{
      "explain-hang", "say why a run broke off, from what its ranks left", {}, {}};
  config::Declarations& keys = command.keys;
  keys.group("hang");
  keys.add("folder", &arguments->folder,
           "Folder of the run (its newest attempt that broke off is explained), or of one attempt.",
           {config::required(), config::positional()});
  keys.add("json", &arguments->json, "Print a JSON object.", {config::flag()});
  command.run = [arguments](const config::Declarations&) {
    const auto files = posix_file_system();
    const auto explanation = flight::explain(flight::read_records(*files, arguments->folder));
    std::cout << (arguments->json ? to_json(explanation) : to_text(explanation));
    return kExitDone;
  };
  return command;
}

}  // namespace ringmaster::app
