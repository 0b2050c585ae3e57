#include <nlohmann/json.hpp>

#include "plan/report.h"

namespace ringmaster::plan {
namespace {

using Json = nlohmann::json;

Json json_of(const Row& row) {
  Json object = {{"machine", row.machine}, {"nodes", row.nodes}, {"ranks", row.ranks}};
  if (!row.refusal.empty()) {
    object["refusal"] = row.refusal;
    return object;
  }
  object["rank_batch"] = row.rank_batch;
  object["micro_batch"] = row.micro_batch;
  object["micro_batches"] = row.micro_batches;
  object["memory_gb"] = row.memory_gb;
  object["memory_limit_gb"] = row.memory_limit_gb;
  if (row.fitting_micro_batch) object["fitting_micro_batch"] = *row.fitting_micro_batch;
  object["step_s"] = row.step_s;
  object["compute_s"] = row.compute_s;
  object["load_s"] = row.load_s;
  object["comm_bytes"] = row.comm_bytes;
  object["comm_s"] = row.comm_s;
  object["comm_share"] = row.comm_s / row.step_s;
  object["comm_exposed_s"] = row.exposed_s;
  object["images_per_second"] = row.images_per_second;
  object["epoch_s"] = row.epoch_s;
  object["total_s"] = row.total_s;
  object["dollars"] = row.dollars;
  object["read_mbytes_per_second"] = row.read_mbytes_per_second;
  object["assumptions"] = row.assumptions;
  return object;
}

}  // namespace

std::string to_json(const Plan& plan, const train::TrainOptions& options) {
  Json rates = Json::array();
  for (const Recipe::EpochRate& rate : plan.recipe.rates) {
    rates.push_back({{"epoch", rate.epoch},
                     {"first", rate.first},
                     {"last", rate.last},
                     {"image_size", rate.image_size}});
  }
  Json rows = Json::array();
  for (const Row& row : plan.rows) rows.push_back(json_of(row));
  const Json object = {{"model", options.model},
                       {"data", plan.data.title},
                       {"global_batch", options.global_batch},
                       {"epochs", options.epochs},
                       {"parameters", plan.recipe.parameters},
                       {"gmacs", plan.recipe.gmacs},
                       {"steps_per_epoch", plan.recipe.steps_per_epoch},
                       {"total_steps", plan.recipe.total_steps},
                       {"peak_lr", plan.recipe.peak_rate},
                       {"read_bytes", plan.recipe.read_bytes},
                       {"rates", rates},
                       {"machines", rows}};
  return object.dump() + "\n";
}

}  // namespace ringmaster::plan
