// A test double of comm::Engine: host memory, and a list of what was started. It behaves as if
// `ranks` ranks had all written the same values, and applies a reduction only in finish(), as late
// as an engine may.
#pragma once

#include <string>
#include <vector>

#include "comm/engine.h"

namespace ringmaster::testing {

class RecordingEngine final : public comm::Engine {
 public:
  RecordingEngine(std::int64_t capacity_elems, int ranks)
      : arena_(static_cast<std::size_t>(capacity_elems)), ranks_(ranks) {}

  comm::MemoryKind memory() const override { return comm::MemoryKind::kHost; }
  comm::DType dtype() const override { return comm::DType::kFloat32; }
  void* arena() override { return arena_.data(); }
  std::int64_t capacity_elems() const override { return static_cast<std::int64_t>(arena_.size()); }
  void start(const comm::Reduction& reduction, comm::Stream /*producer*/) override {
    started_.push_back(reduction);
  }
  void finish(comm::Stream /*consumer*/, Deadline /*deadline*/) override {
    for (const comm::Reduction& reduction : started_) {
      for (std::int64_t i = 0; i < reduction.count_elems; ++i) {
        arena_[static_cast<std::size_t>(reduction.offset_elems + i)] *=
            static_cast<float>(reduction.scale * ranks_);
      }
    }
    finished_ = started_;
    started_.clear();
  }
  std::string describe() const override { return "recording double"; }

  // Since the last finish(), and up to it.
  [[nodiscard]] const std::vector<comm::Reduction>& started() const { return started_; }
  [[nodiscard]] const std::vector<comm::Reduction>& finished() const { return finished_; }

 private:
  std::vector<float> arena_;
  int ranks_;
  std::vector<comm::Reduction> started_, finished_;
};

}  // namespace ringmaster::testing
