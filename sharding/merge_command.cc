#include <memory>

#include "base/check.h"
#include "sharding/audit_report.h"
#include "sharding/commands.h"
#include "sharding/output_lock.h"
#include "sharding/parts.h"
#include "sharding/print_data_set.h"

namespace ringmaster::sharding {

config::Command merge_command(const Surroundings& at) {
  const auto folder = std::make_shared<std::string>();
  config::Command command{.name = "merge", .summary = "join what pack --part I/N wrote"};
  command.keys.add("folder", folder.get(), "Where all parts lie.",
                   {config::required(), config::positional()});
  command.run = [&at, folder](const config::Declarations&) {
    RM_REQUIRE(at.files.is_dir(*folder), ErrorKind::kInvalidArgument, *folder, " is not a folder");
    const OutputLock lock(*folder, Part{});
    const shard::Manifest manifest = merge_parts(at.files, *folder);
    at.out << "merged the parts in " << *folder << ":\n";
    print_data_set(at.out, manifest);
    print_summary(at.out, at.files, *folder);
    return kExitDone;
  };
  return command;
}

}  // namespace ringmaster::sharding
