#include <algorithm>
#include <cstdint>
#include <sstream>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "shard/container.h"
#include "shard/hdf5_user_block.h"
#include "shard/manifest.h"
#include "shard/shard_format.h"
#include "sharding/audit_notes.h"
#include "sharding/audit_report.h"
#include "tests/fuzz/reseal.h"
#include "tests/fuzz/targets.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::fuzz {
namespace {

constexpr const char* kId = "000102030405060708090a0b0c0d0eff";

void put(const std::string& path, const Bytes& bytes) {
  const auto file = real_files().create(path);
  file->append(bytes);
  file->close();
}

void read_all(const shard::ShardReader& shard) {
  shard::Record record;
  for (std::uint64_t i = 0; i < shard.records(); ++i) {
    (void)shard.name(i);
    try {
      shard.read(i, record);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadData) throw;
    }
  }
}

void open_record_shard(Input input) {
  const std::string path = "/shards/train-00000.rms";
  testing::MemoryFileSystem files(real_files(), path, input);
  read_all(*shard::open_shard_file(files, shard::Container::kRecord, path));
}

// A sound shard of three records, made once.
struct SoundHdf5 {
  SoundHdf5() : path(folder / "train-00000.h5") {
    const auto writer = shard::make_shard_writer(real_files(), shard::Container::kHdf5, path,
                                                 {kId, "train", 0}, {"ant", "bee", "cow"});
    const Bytes payload(6, std::byte{0x5a});
    for (std::uint32_t i = 0; i < 3; ++i) {
      writer->add(
          {.codec = shard::Codec::kRaw8, .label = i, .width = 3, .height = 2, .channels = 1},
          "train/" + std::to_string(i), payload);
    }
    (void)writer->finish();
    const auto file = real_files().open(path);
    bytes.resize(file->size_bytes());
    file->read_at(0, bytes);
  }
  testing::TempDir folder;
  std::string path;
  Bytes bytes;
};

SoundHdf5& sound_hdf5() {
  static SoundHdf5 shard;
  return shard;
}

void open_hdf5(const Bytes& bytes) {
  const SoundHdf5& sound = sound_hdf5();
  put(sound.path, bytes);
  read_all(*shard::open_shard_file(real_files(), shard::Container::kHdf5, sound.path));
}

// Where `what` lies in the shard.
template <typename T>
std::size_t find(const Bytes& bytes, const std::vector<T>& what) {
  const auto pattern = std::as_bytes(std::span(what));
  const auto found = std::search(bytes.begin(), bytes.end(), pattern.begin(), pattern.end());
  return static_cast<std::size_t>(found - bytes.begin());
}

}  // namespace

void read_record_shard(Input input) {
  Bytes bytes(input.begin(), input.end());
  try {
    open_record_shard(bytes);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadData) throw;
  }
  reseal_record_shard(bytes);
  open_record_shard(bytes);
}

// The input is laid over the user block of a sound shard.
void read_hdf5_user_block(Input input) {
  Bytes bytes = sound_hdf5().bytes;
  constexpr std::size_t kMagicBytes = 8;
  const std::size_t count = std::min(input.size(), shard::kUserBlockBytes - kMagicBytes);
  for (std::size_t i = 0; i < count; ++i) bytes[kMagicBytes + i] ^= input[i];
  try {
    open_hdf5(bytes);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadData) throw;
  }
  reseal_hdf5(bytes);
  open_hdf5(bytes);
}

// The input is laid over the content of the tables of a sound shard. The HDF5 library's own
// structures stay: it never sees bytes whose hash doesn't fit (docs/SHARD_FORMAT.md).
void read_hdf5_tables(Input input) {
  Bytes bytes = sound_hdf5().bytes;
  const std::size_t tables[] = {
      find<std::uint64_t>(bytes, {0, 6, 12, 18}), find<std::uint32_t>(bytes, {0, 1, 2}),
      find<std::uint32_t>(bytes, {3, 3, 3}), find<std::uint32_t>(bytes, {2, 2, 2}),
      find<char>(bytes, {'t', 'r', 'a', 'i', 'n', '/', '0'})};
  constexpr std::size_t kEach = 32;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const std::size_t table = i / kEach;
    if (table == std::size(tables)) break;
    if (tables[table] + i % kEach < bytes.size()) bytes[tables[table] + i % kEach] ^= input[i];
  }
  reseal_hdf5(bytes);
  open_hdf5(bytes);
}

void read_manifest(Input input) {
  const std::string text(reinterpret_cast<const char*>(input.data()), input.size());
  const std::string sealed = resealed_manifest(input);
  if (!sealed.empty()) (void)shard::parse_manifest(sealed, "manifest.json");
  (void)shard::parse_manifest(text, "manifest.json");
}

// audit.json of a finished pack.
void read_audit(Input input) {
  testing::MemoryFileSystem files(real_files(), std::string("/shards/") + sharding::kAuditName,
                                  input);
  (void)sharding::read_audited_notes(files, "/shards", kId);
  std::ostringstream out;
  sharding::print_summary(out, files, "/shards");
}

// What an unfinished pack leaves beside a shard; with the hash that stands in front of it.
void read_audit_notes(Input input) {
  const std::string shard = "/shards/train-00000.rms";
  const std::string_view body(reinterpret_cast<const char*>(input.data()), input.size());
  const std::string notes = hex64(xxh3_64(body)) + "\n" + std::string(body);
  testing::MemoryFileSystem files(real_files(), sharding::notes_name(shard),
                                  std::as_bytes(std::span(notes)));
  (void)sharding::read_notes(files, shard, kId);
}

}  // namespace ringmaster::fuzz
