#include "data/stage.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/hash.h"
#include "data/stage_lock.h"
#include "shard/shard_reader.h"

namespace ringmaster::data {
namespace {

constexpr std::size_t kPieceBytes = 4 << 20;

const shard::ShardEntry& entry_of(const shard::Manifest& manifest, const std::string& name) {
  for (const shard::SplitEntry& split : manifest.splits) {
    for (const shard::ShardEntry& entry : split.shards) {
      if (entry.name == name) return entry;
    }
  }
  throw Error(ErrorKind::kInternal, "no shard named " + name);
}

// Runs body(0) ... body(count - 1) on threads; the first error by number is thrown when all are
// done.
void in_parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next{0};
  std::vector<std::exception_ptr> errors(count);
  std::atomic<bool> failed{false};
  std::vector<std::thread> workers;
  const auto work = [&] {
    for (std::size_t i = next++; i < count && !failed; i = next++) {
      try {
        body(i);
      } catch (...) {
        errors[i] = std::current_exception();
        failed = true;
      }
    }
  };
  for (int i = 1; i < threads; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

bool is_whole(FileSystem& files, const std::string& path, const shard::ShardEntry& entry) {
  return files.exists(path) && files.size_bytes(path) == entry.summary.file_bytes &&
         shard::hash_file(files, path) == entry.summary.hash;
}

void copy(FileSystem& files, const std::string& from, const std::string& to,
          const shard::ShardEntry& entry) {
  const auto source = files.open(from);
  const std::string temporary = to + ".tmp";
  const auto out = files.create(temporary);
  std::vector<std::byte> buffer(kPieceBytes);
  Hasher hasher;
  for (std::uint64_t at = 0; at < source->size_bytes();) {
    const auto piece =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), source->size_bytes() - at));
    source->read_at(at, piece);
    hasher.update(piece);
    out->append(piece);
    at += piece.size();
  }
  out->sync();
  out->close();
  const std::string hash = hasher.hex128();
  if (hash != entry.summary.hash) {
    files.remove(temporary);
    throw Error(
        ErrorKind::kBadData,
        join_text(from, ": the file's hash is ", hash, ", ", shard::kManifestName, " says ",
                  entry.summary.hash, ": the shard is damaged. Copy it again, or pack again"));
  }
  files.rename(temporary, to);
}

void require_room(FileSystem& files, const std::string& folder, std::uint64_t needed_bytes) {
  const std::uint64_t free_bytes = files.free_bytes(folder);
  RM_REQUIRE(needed_bytes <= free_bytes, ErrorKind::kIo, "the disk of ", folder, " has ",
             free_bytes >> 20, " MiB free, the shards to stage need ", (needed_bytes >> 20) + 1,
             " MiB. Free some, take order = sharded on more nodes, or train without stage");
}

}  // namespace

std::string stage_folder(const std::string& stage, const shard::Manifest& manifest) {
  return join_path(stage, manifest.hash());
}

StageReport stage_shards(FileSystem& files, const std::string& folder,
                         const shard::Manifest& manifest, const std::vector<std::string>& names,
                         const std::string& stage, int threads, Deadline deadline) {
  StageReport report{.folder = stage_folder(stage, manifest)};
  files.make_dirs(report.folder);
  const StageLock lock(report.folder + ".lock", deadline);
  std::vector<char> whole(names.size());
  in_parallel(names.size(), threads, [&](std::size_t i) {
    whole[i] = is_whole(files, join_path(report.folder, names[i]), entry_of(manifest, names[i]));
  });
  std::vector<const shard::ShardEntry*> missing;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!whole[i]) missing.push_back(&entry_of(manifest, names[i]));
  }
  for (const shard::ShardEntry* entry : missing) report.copied_bytes += entry->summary.file_bytes;
  require_room(files, report.folder, report.copied_bytes);
  in_parallel(missing.size(), threads, [&](std::size_t i) {
    const std::string& name = missing[i]->name;
    copy(files, join_path(folder, name), join_path(report.folder, name), *missing[i]);
  });
  files.sync_dir(report.folder);
  report.copied = missing.size();
  report.reused = names.size() - missing.size();
  return report;
}

}  // namespace ringmaster::data
