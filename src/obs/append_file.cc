#include "obs/append_file.h"

#include <span>
#include <utility>

namespace ringmaster::obs {

AppendFile::AppendFile(FileSystem& files, std::string path)
    : files_(files),
      path_(std::move(path)),
      file_(files.open_append(path_)),
      good_bytes_(files.size_bytes(path_)) {}

void AppendFile::append(std::string_view record) {
  waiting_ += record;
  drain();
}

void AppendFile::sync() {
  drain();
  file_->sync();
}

void AppendFile::drain() {
  if (waiting_.empty()) return;
  if (torn_) files_.truncate(path_, good_bytes_);
  torn_ = true;
  file_->append(std::as_bytes(std::span(waiting_)));
  torn_ = false;
  good_bytes_ += waiting_.size();
  waiting_.clear();
}

}  // namespace ringmaster::obs
