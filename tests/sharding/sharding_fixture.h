// Small sources on disk and packs of them, for the tests of this folder.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/file.h"
#include "sharding/idx_source.h"
#include "sharding/observer.h"
#include "sharding/pack.h"
#include "tests/support/kind_of_error.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::sharding {

using testing::kind_of;

// Remembers what it is told and stops when it is told to.
class RecordingObserver final : public Observer {
 public:
  void begin(std::uint64_t images, std::uint64_t) override { asked = images; }
  void advance(std::uint64_t images, std::uint64_t) override { done += images; }
  void note(const std::string& text) override { notes.push_back(text); }
  bool stop_requested() override { return done >= stop_at; }
  [[nodiscard]] std::size_t notes_with(const std::string& part) const {
    std::size_t count = 0;
    for (const std::string& text : notes) count += text.find(part) != std::string::npos ? 1u : 0u;
    return count;
  }

  std::uint64_t asked = 0, done = 0, stop_at = ~std::uint64_t{0};
  std::vector<std::string> notes;
};

class ShardingFixture : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& bytes) {
    files_->make_dirs(parent_path(path));
    const auto file = files_->create(path);
    file->append(std::as_bytes(std::span(bytes)));
    file->close();
  }

  static std::string big_endian(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
            static_cast<char>(value >> 8), static_cast<char>(value)};
  }

  // IDX files with labels 0 .. 4 in turn; the pixels of an image depend on its number.
  void put_idx(const std::string& folder, const std::string& prefix, std::uint32_t count,
               std::uint32_t width = 4, std::uint32_t height = 3) {
    std::string images =
        big_endian(0x803) + big_endian(count) + big_endian(height) + big_endian(width);
    std::string labels = big_endian(0x801) + big_endian(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t p = 0; p < width * height; ++p)
        images += static_cast<char>((i * 7 + p) & 0xff);
      labels += static_cast<char>(i % 5);
    }
    put(join_path(folder, prefix + "-images-idx3-ubyte"), images);
    put(join_path(folder, prefix + "-labels-idx1-ubyte"), labels);
  }

  // Every file of a folder, by name.
  std::map<std::string, std::string> contents(const std::string& folder) {
    std::map<std::string, std::string> all;
    for (const std::string& name : files_->list(folder))
      all[name] = read_text(*files_, join_path(folder, name));
    return all;
  }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
};

}  // namespace ringmaster::sharding
