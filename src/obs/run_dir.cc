#include "obs/run_dir.h"

namespace ringmaster::obs {
namespace {

std::string three_digits(std::int64_t number) {
  std::string digits = std::to_string(number);
  return digits.size() < 3 ? digits.insert(0, 3 - digits.size(), '0') : digits;
}

}  // namespace

std::string RunDir::rank_log(int rank) const {
  return in("ranks/rank" + three_digits(rank) + ".log");
}

std::string RunDir::rank_samples(int rank) const {
  return in("ranks/rank" + three_digits(rank) + ".samples");
}

std::string RunDir::epoch_checkpoint(std::int64_t index) const {
  return in("checkpoints/model_" + three_digits(index) + ".pt");
}

}  // namespace ringmaster::obs
