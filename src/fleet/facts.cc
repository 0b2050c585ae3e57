#include "fleet/facts.h"

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace ringmaster::fleet {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Gpu, id, name)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Efa, cards, plugin, provider)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Facts, rank, local_rank, host, memlock_bytes, open_files,
                                   visible_devices, instance, versions, gpus, gpu_error, efa,
                                   shared_memory_bytes, data_hash, data_error, shards,
                                   run_free_bytes, run_error)

std::string to_json(const Facts& facts) {
  return nlohmann::json(facts).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Facts parse_facts(const std::string& json) {
  const auto object = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  RM_CHECK(object.is_object(), "facts of a host: ", json);
  return object.get<Facts>();
}

}  // namespace ringmaster::fleet
