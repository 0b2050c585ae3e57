#include "train/sample_log.h"

namespace ringmaster::train {

SampleLog::SampleLog(FileSystem& files, const std::string& path, bool on) {
  if (on) file_.emplace(files, path);
}

void SampleLog::step(std::int64_t step, const std::vector<std::int64_t>& sample_ids) {
  if (!file_) return;
  std::string line = std::to_string(step) + ":";
  for (const std::int64_t id : sample_ids) line += " " + std::to_string(id);
  file_->append(line + "\n");
}

}  // namespace ringmaster::train
