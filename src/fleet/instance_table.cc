#include "fleet/instance_table.h"

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace ringmaster::fleet {

std::optional<Instance> find_instance(FileSystem& files, const std::string& path,
                                      const std::string& type) {
  const auto table = nlohmann::json::parse(read_text(files, path), nullptr, false);
  RM_REQUIRE(table.is_object(), ErrorKind::kBadData, path,
             " is no table of instance types: launch/instances.json is one");
  const auto found = table.find(type);
  if (found == table.end()) return std::nullopt;
  try {
    Instance instance;
    instance.type = type;
    instance.gpus = found->value("gpus", 0);
    instance.efa_cards = found->value("efa_cards", 0);
    instance.link_gbps = found->value("link_gbps", 0.0);
    instance.network_gbps = found->value("network_gbps", 0.0);
    return instance;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kBadData, join_text(path, ": '", type, "': ", error.what()));
  }
}

}  // namespace ringmaster::fleet
