// The names of all that lies in a run's folder, in one place. Names only: nothing is touched.
#pragma once

#include <cstdint>
#include <string>

namespace ringmaster::obs {

class RunDir {
 public:
  explicit RunDir(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string config() const { return in("config.cfg"); }         // resolved
  [[nodiscard]] std::string log() const { return in("log.jsonl"); }             // the record
  [[nodiscard]] std::string markdown() const { return in("training_log.md"); }  // drawn from it
  [[nodiscard]] std::string json_list() const { return in("training_log.json"); }
  [[nodiscard]] std::string allreduce_table() const { return in("allreduce_table.json"); }
  [[nodiscard]] std::string trace() const { return in("trace.json"); }
  [[nodiscard]] std::string plots() const { return in("plots"); }
  [[nodiscard]] std::string plot(const std::string& name) const {  // "loss", "accuracy", "lr"
    return in("plots/" + name + ".png");
  }
  [[nodiscard]] std::string checkpoints() const { return in("checkpoints"); }
  [[nodiscard]] std::string newest_checkpoint() const { return in("checkpoints/checkpoint.pt"); }
  [[nodiscard]] std::string best_checkpoint() const { return in("checkpoints/best.pt"); }
  [[nodiscard]] std::string ranks() const { return in("ranks"); }
  [[nodiscard]] std::string non_finite() const { return in("non_finite"); }  // batches
  // What the ranks of an attempt that broke off left, under the time of its start.
  [[nodiscard]] std::string broken_off(const std::string& started) const {
    return in("broken_off/" + started);
  }
  [[nodiscard]] std::string rank_log(int rank) const;      // ranks/rank007.log
  [[nodiscard]] std::string rank_samples(int rank) const;  // ranks/rank007.samples
  // checkpoints/model_000.pt, for the epoch's index from 0.
  [[nodiscard]] std::string epoch_checkpoint(std::int64_t index) const;

 private:
  [[nodiscard]] std::string in(const std::string& name) const { return path_ + "/" + name; }

  std::string path_;
};

}  // namespace ringmaster::obs
