// Writes one `record` shard, front to back in one pass, with memory for its tables only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "shard/dataset.h"
#include "shard/shard_format.h"
#include "shard/shard_writer.h"

namespace ringmaster::shard {

// `files` must outlive it. The file has the name `path` + ".tmp" until finish().
class RecordWriter final : public ShardWriter {
 public:
  RecordWriter(FileSystem& files, std::string path, const ShardIdentity& identity);
  ~RecordWriter() override;
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  void add(const RecordInfo& info, const std::string& name,
           std::span<const std::byte> payload) override;
  [[nodiscard]] ShardSummary finish() override;

 private:
  void append(std::span<const std::byte> data);
  void append_zeros(std::uint64_t count);
  [[nodiscard]] std::vector<std::byte> tables() const;

  FileSystem& files_;
  std::string path_, temporary_;
  std::uint64_t header_hash_ = 0;
  std::unique_ptr<WritableFile> file_;
  Hasher hasher_;
  std::vector<std::byte> buffer_;  // small records are gathered into writes of about 1 MiB
  std::uint64_t at_bytes_ = 0;
  std::vector<std::uint64_t> offsets_;  // where each payload begins, and where the last one ends
  std::vector<RecordEntry> records_;
  std::string names_;
};

}  // namespace ringmaster::shard
