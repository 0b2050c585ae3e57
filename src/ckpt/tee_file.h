#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"

namespace ringmaster::ckpt {

// One stream of bytes into several files: a checkpoint is made once, whatever its names.
class TeeFile final : public WritableFile {
 public:
  TeeFile(FileSystem& files, const std::vector<std::string>& paths) {
    for (const std::string& path : paths) outputs_.push_back(files.create(path));
  }
  void append(std::span<const std::byte> data) override {
    for (const auto& output : outputs_) output->append(data);
  }
  void sync() override {
    for (const auto& output : outputs_) output->sync();
  }
  void close() override {
    for (const auto& output : outputs_) output->close();
  }

 private:
  std::vector<std::unique_ptr<WritableFile>> outputs_;
};

}  // namespace ringmaster::ckpt
