#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "obs/append_file.h"

namespace ringmaster::train {

// Which samples a rank has trained on, a line a step: "12: 5 803 77". The lines of all ranks with
// one step's number, in rank order, are that step's global batch. Lines are appended: where a step
// was done again by a resumed run, each time has its line.
class SampleLog {
 public:
  // Writes nothing where `on` is false.
  SampleLog(FileSystem& files, const std::string& path, bool on);
  void step(std::int64_t step, const std::vector<std::int64_t>& sample_ids);

 private:
  std::optional<obs::AppendFile> file_;
};

}  // namespace ringmaster::train
