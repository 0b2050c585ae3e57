#include "train/same_run.h"

#include <algorithm>
#include <optional>
#include <set>

#include <torch/version.h>

#include "base/check.h"
#include "base/version.h"
#include "config/config_text.h"
#include "config/nearest.h"

namespace ringmaster::train {
namespace {

// Names the numbers that base/philox.h gives: another algorithm, or other uses of it, is another
// order of samples and other augmentation.
constexpr const char* kRandom = "philox4x32-10, key (seed, use), counter (epoch, sample, block)";

std::optional<std::string> text_of(const ckpt::Snapshot& snapshot, const std::string& key) {
  const auto found = snapshot.texts.find(key);
  if (found == snapshot.texts.end()) return std::nullopt;
  return found->second;
}

void compare(const char* name, const std::optional<std::string>& before, const std::string& now,
             std::vector<config::Difference>& differences) {
  if (before != now) differences.push_back({name, before, now});
}

// Keys that may differ between a run and its resumption: they change neither a sample nor a weight.
bool may_change_on_resume(const std::string& key) {
  static const std::set<std::string> kFree = {"workers",
                                              "algorithm",
                                              "step_deadline_s",
                                              "log_steps",
                                              "eval_batch",
                                              "checkpoint_steps",
                                              "checkpoint_minutes",
                                              "keep_epochs",
                                              "keep_every",
                                              "save_wait_s",
                                              "save_failures",
                                              "save_retry_s",
                                              "log_samples",
                                              "init",
                                              "trace_steps",
                                              "checksum_steps",
                                              "spot_notices",
                                              "imds_endpoint",
                                              "spot_poll_s",
                                              "stop_margin_s",
                                              "allreduce_table",
                                              "stage",
                                              "stage_deadline_s",
                                              "on_bad_record",
                                              "bad_record_budget",
                                              "non_finite",
                                              "non_finite_budget"};
  return kFree.count(key) != 0;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void require_names(const std::vector<std::string>& allowed,
                   const std::vector<config::Assignment>& keys) {
  std::vector<std::string> names = {"data", "random"};
  for (const config::Assignment& key : keys) names.push_back(key.key);
  for (const std::string& name : allowed) {
    RM_REQUIRE(contains(names, name), ErrorKind::kInvalidArgument, "allow_change: '", name,
               "' is no key; did you mean '", config::nearest(name, names), "'?");
  }
}

}  // namespace

std::map<std::string, std::string> identity_texts(const RunIdentity& identity) {
  return {{"config", identity.config},
          {"dataset_hash", identity.dataset_hash},
          {"random", kRandom},
          {"ringmaster_version", version()},
          {"libtorch_version", TORCH_VERSION}};
}

std::vector<std::string> require_same_run(const ckpt::Snapshot& snapshot, const std::string& path,
                                          const RunIdentity& identity,
                                          const std::vector<std::string>& allowed) {
  const auto recorded = text_of(snapshot, "config");
  RM_REQUIRE(recorded.has_value(), ErrorKind::kInvalidArgument, path,
             " records no configuration: training can't go on from it; to start a new run from its "
             "weights use --init");
  const auto now = config::parse_config_text(identity.config, "this run");
  require_names(allowed, now);
  std::vector<config::Difference> differences;
  for (auto& difference : config::diff(config::parse_config_text(*recorded, path), now)) {
    if (!may_change_on_resume(difference.key)) differences.push_back(std::move(difference));
  }
  compare("data", text_of(snapshot, "dataset_hash"), identity.dataset_hash, differences);
  compare("random", text_of(snapshot, "random"), kRandom, differences);
  std::vector<config::Difference> refused;
  std::vector<std::string> changed;
  for (const config::Difference& difference : differences) {
    if (!contains(allowed, difference.key)) refused.push_back(difference);
    changed.push_back(config::diff_text({difference}));
  }
  RM_REQUIRE(refused.empty(), ErrorKind::kInvalidArgument, path,
             " is of a run with another recipe or data set (before -> now):\n",
             config::diff_text(refused),
             "\nTake the old values, or another --run folder for a new run; or allow the change: "
             "--allow_change ",
             refused.front().key, refused.size() > 1 ? ",..." : "");
  return changed;
}

}  // namespace ringmaster::train
