// Small shards and damaged ones, for the tests of this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/hash.h"
#include "shard/little_endian.h"
#include "shard/manifest.h"
#include "shard/record_reader.h"
#include "tests/support/kind_of_error.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::shard {

using testing::kind_of;

inline const std::string kDataSetId = "000102030405060708090a0b0c0d0eff";

class ShardFixture : public ::testing::Test {
 protected:
  struct Source {
    RecordInfo info;
    std::string name, payload;
  };

  static Source raw(std::uint32_t label, std::uint32_t width, std::uint32_t height,
                    const std::string& name) {
    std::string payload;
    for (std::uint32_t i = 0; i < width * height; ++i)
      payload += static_cast<char>((label * 31 + i) & 0xff);
    return {
        {.codec = Codec::kRaw8, .label = label, .width = width, .height = height, .channels = 1},
        name,
        payload};
  }

  ShardSummary write(const std::string& path, const ShardIdentity& identity,
                     const std::vector<Source>& sources, Container container = Container::kRecord) {
    const auto writer =
        make_shard_writer(*files_, container, path, identity, {"ant", "bee", "cow"});
    for (const Source& source : sources)
      writer->add(source.info, source.name, std::as_bytes(std::span(source.payload)));
    return writer->finish();
  }

  // `shards` x `records` samples of 3 classes in one split.
  Manifest write_data_set(const std::string& folder, std::uint32_t shards, std::uint32_t records) {
    files_->make_dirs(folder);
    Manifest manifest{.data_set = kDataSetId,
                      .packer = "test",
                      .source = "made up",
                      .options = {{"seed", "1"}},
                      .classes = {"ant", "bee", "cow"}};
    SplitEntry split{.name = "train", .class_counts = {0, 0, 0}};
    for (std::uint32_t s = 0; s < shards; ++s) {
      std::vector<Source> sources;
      for (std::uint32_t r = 0; r < records; ++r) {
        sources.push_back(raw((s + r) % 3, 2 + s, 3 + r, "img" + std::to_string(s * 100 + r)));
        ++split.class_counts[(s + r) % 3];
      }
      const std::string name = shard_file_name("train", s);
      split.shards.push_back(
          {name, write(join_path(folder, name), {kDataSetId, "train", s}, sources)});
    }
    manifest.splits.push_back(split);
    write_manifest(*files_, folder, manifest);
    return manifest;
  }

  std::string text(const std::string& path) { return read_text(*files_, path); }
  void put(const std::string& path, const std::string& bytes) {
    const auto file = files_->create(path);
    file->append(std::as_bytes(std::span(bytes)));
    file->close();
  }

  // Makes the hashes of tables and trailer fit again, so that a test gets past them.
  static void fix_hashes(std::string& shard) {
    const auto bytes = std::as_writable_bytes(std::span(shard));
    const auto trailer = bytes.last(kBlockBytes);
    const auto tables = load_le_at<std::uint64_t>(trailer, 16);
    if (tables <= bytes.size() - kBlockBytes) {
      const auto body = bytes.subspan(tables, bytes.size() - kBlockBytes - tables);
      store_le_at<std::uint64_t>(trailer, 32, xxh3_64(body));
    }
    store_le_at<std::uint64_t>(trailer, 56, xxh3_64(trailer.first(56)));
  }

  static void read_all(const ShardReader& shard) {
    Record record;
    for (std::uint64_t i = 0; i < shard.records(); ++i) {
      shard.read(i, record);
      (void)shard.name(i);
    }
  }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
  const std::string path_ = dir_ / "train-00000.rms";
};

}  // namespace ringmaster::shard
