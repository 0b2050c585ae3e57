// Writes one `hdf5` shard. A contiguous data set's size must be known before it is made, so
// payloads go into a file of their own first and are copied behind the tables by finish(): every
// byte is written twice. `record` shards are not.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "shard/hdf5_file.h"
#include "shard/shard_writer.h"

namespace ringmaster::shard {

// `files` must outlive it, and `path` must be one that the HDF5 library can write, too. Names until
// finish(): `path` + ".payload.tmp", ".frame.tmp", ".tmp".
class Hdf5Writer final : public ShardWriter {
 public:
  Hdf5Writer(FileSystem& files, std::string path, const ShardIdentity& identity,
             const std::vector<std::string>& classes);
  ~Hdf5Writer() override;
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  void add(const RecordInfo& info, const std::string& name,
           std::span<const std::byte> payload) override;
  [[nodiscard]] ShardSummary finish() override;

 private:
  // Appends bytes [from, to) of `source` to `out`.
  static void copy(const ReadableFile& source, std::uint64_t from, std::uint64_t to,
                   WritableFile& out, Hasher& hasher);

  FileSystem& files_;
  const std::string path_;
  const ShardIdentity identity_;
  Hdf5Tables tables_;
  std::unique_ptr<WritableFile> payload_;
  std::vector<std::byte> buffer_;  // small payloads are gathered into writes of about 1 MiB
};

}  // namespace ringmaster::shard
