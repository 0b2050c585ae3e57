// A folder for checkpoints, for the tests of ckpt::Store.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/file.h"
#include "ckpt/store.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::testing {

class StoreTest : public ::testing::Test {
 protected:
  void clear() {
    for (const std::string& name : names()) files_->remove(dir_ / name);
  }
  std::vector<std::string> names() { return files_->list(dir_.path()); }
  // The step of what load_newest() gives; -1 for nothing.
  std::int64_t newest_step() {
    warnings_.clear();
    const auto loaded = ckpt::Store(*files_, dir_.path()).load_newest(warnings_);
    return loaded ? loaded->snapshot.progress.at("step") : -1;
  }
  void damage(const std::string& name) {
    std::string bytes = read_text(*files_, dir_ / name);
    bytes[bytes.size() / 2] = static_cast<char>(~bytes[bytes.size() / 2]);
    write_atomically(*files_, dir_ / name, bytes);
  }

  TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
  std::vector<std::string> warnings_;
};

}  // namespace ringmaster::testing
