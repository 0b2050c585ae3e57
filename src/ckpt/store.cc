#include "ckpt/store.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/check.h"
#include "ckpt/second_name.h"

namespace ringmaster::ckpt {
namespace {

constexpr const char* kNewest = "checkpoint.pt";
constexpr const char* kBest = "best.pt";
constexpr std::string_view kEpochPrefix = "model_", kSuffix = ".pt", kTemporary = ".pt.tmp";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// The epoch of "model_NNN.pt".
std::optional<std::int64_t> epoch_of(std::string_view name) {
  if (name.substr(0, kEpochPrefix.size()) != kEpochPrefix || !ends_with(name, kSuffix))
    return std::nullopt;
  const std::string_view digits =
      name.substr(kEpochPrefix.size(), name.size() - kEpochPrefix.size() - kSuffix.size());
  std::int64_t epoch = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), epoch);
  // The very name that we give: "model_7.pt" is somebody else's.
  if (error != std::errc() || end != digits.data() + digits.size() || epoch < 0 ||
      epoch_file_name(epoch) != name) {
    return std::nullopt;
  }
  return epoch;
}

}  // namespace

std::string epoch_file_name(std::int64_t epoch) {
  std::string digits = std::to_string(epoch);
  if (digits.size() < 3) digits.insert(0, 3 - digits.size(), '0');
  return std::string(kEpochPrefix) + digits + std::string(kSuffix);
}

Store::Store(FileSystem& files, std::string folder, const StoreOptions& options)
    : files_(files), folder_(std::move(folder)), options_(options) {
  RM_REQUIRE(options.keep_epochs >= 0, ErrorKind::kInvalidArgument,
             "keep_epochs = ", options.keep_epochs, ": it must be 0 (all) or more");
  RM_REQUIRE(options.keep_every >= 0, ErrorKind::kInvalidArgument,
             "keep_every = ", options.keep_every, ": it must be 0 (none) or more");
}

std::string Store::path_of(const std::string& name) const {
  return join_path(folder_, name);
}

std::string Store::newest_path() const {
  return path_of(kNewest);
}

void Store::prepare() {
  files_.make_dirs(folder_);
  for (const std::string& name : files_.list(folder_)) {
    if (ends_with(name, kTemporary)) files_.remove(path_of(name));
  }
}

SaveResult Store::save(const Snapshot& snapshot, const SaveNames& names) {
  const std::string newest = newest_path(), written = newest + ".tmp";
  std::vector<std::string> others;
  if (names.epoch.has_value()) others.push_back(path_of(epoch_file_name(*names.epoch)));
  if (names.best) others.push_back(path_of(kBest));
  std::vector<std::string> temporaries = {written};
  for (const std::string& path : others) temporaries.push_back(path + ".tmp");
  require_room(snapshot);
  // A leftover may be a second name of a good checkpoint: it must be removed, not written over.
  for (const std::string& path : temporaries) {
    if (files_.exists(path)) files_.remove(path);
  }
  SaveResult result;
  try {
    write_file(snapshot, written, result);
    // checkpoint.pt comes last: a crash before leaves it at the save before, from which the run
    // comes here again and gives the other names anew.
    for (const std::string& path : others) {
      give_second_name(files_, written, path + ".tmp");
      files_.rename(path + ".tmp", path);
    }
    files_.rename(written, newest);
  } catch (...) {
    remove_quietly(temporaries);
    throw;
  }
  files_.sync_dir(folder_);
  remove_old_epochs(result.warnings);
  return result;
}

void Store::write_file(const Snapshot& snapshot, const std::string& path, SaveResult& result) {
  const auto file = files_.create(path);
  result.file_bytes = write_snapshot(snapshot, *file);
  file->sync();
  file->close();
  sync_what_comes_first(result.warnings);
}

void Store::sync_what_comes_first(std::vector<std::string>& warnings) const {
  for (const std::string& path : options_.sync_first) {
    try {
      if (!files_.exists(path)) continue;
      const auto file = files_.open_append(path);
      file->sync();
      file->close();
    } catch (const Error& error) {
      warnings.emplace_back(error.what());
    }
  }
}

void Store::require_room(const Snapshot& snapshot) const {
  const std::uint64_t needed_bytes = max_file_bytes(snapshot);
  const std::uint64_t free_bytes = files_.free_bytes(folder_);
  RM_REQUIRE(needed_bytes <= free_bytes, ErrorKind::kIo, "save checkpoint in ", folder_,
             ": No space left on device: it takes up to ", needed_bytes, " bytes, and ", free_bytes,
             " are free");
}

void Store::remove_quietly(const std::vector<std::string>& paths) const {
  for (const std::string& path : paths) {
    try {
      if (files_.exists(path)) files_.remove(path);
    } catch (const Error&) {
      // The save's own error is the one to report; prepare() removes what is left.
    }
  }
}

void Store::remove_old_epochs(std::vector<std::string>& warnings) const {
  if (options_.keep_epochs == 0) return;
  try {
    const std::vector<std::int64_t> saved = epochs();
    const auto count = static_cast<std::int64_t>(saved.size());
    for (std::int64_t i = 0; i + options_.keep_epochs < count; ++i) {
      const std::int64_t epoch = saved[static_cast<std::size_t>(i)];
      if (options_.keep_every > 0 && (epoch + 1) % options_.keep_every == 0) continue;
      files_.remove(path_of(epoch_file_name(epoch)));
    }
  } catch (const Error& error) {
    warnings.emplace_back(error.what());
  }
}

std::vector<std::string> Store::set_aside_later(std::int64_t step, std::int64_t epochs_done) {
  std::vector<std::string> names;
  for (const std::int64_t epoch : epochs()) {
    if (epoch >= epochs_done) names.push_back(epoch_file_name(epoch));
  }
  for (const ListedCheckpoint& entry : list()) {
    const auto found = entry.summary.progress.find("step");
    const bool later = found == entry.summary.progress.end() || found->second > step;
    if (entry.name == kBest && later) names.emplace_back(kBest);
  }
  for (const std::string& name : names) files_.rename(path_of(name), path_of(name) + ".old");
  return names;
}

std::vector<std::int64_t> Store::epochs() const {
  std::vector<std::int64_t> found;
  for (const std::string& name : files_.list(folder_)) {
    if (const auto epoch = epoch_of(name)) found.push_back(*epoch);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<LoadedSnapshot> Store::load_newest(std::vector<std::string>& warnings) const {
  if (!files_.is_dir(folder_)) return std::nullopt;
  std::vector<std::string> candidates;
  if (files_.exists(path_of(kNewest))) candidates.emplace_back(kNewest);
  const std::vector<std::int64_t> saved = epochs();
  for (auto epoch = saved.rbegin(); epoch != saved.rend(); ++epoch)
    candidates.push_back(epoch_file_name(*epoch));
  if (candidates.empty()) return std::nullopt;
  for (const std::string& name : candidates) {
    try {
      return LoadedSnapshot{path_of(name), read_snapshot(files_, path_of(name))};
    } catch (const Error& error) {
      // Sound, for all we know: from a later version, or on a disk that does not answer.
      if (error.kind() != ErrorKind::kBadData) throw;
      warnings.emplace_back(error.what());
    }
  }
  throw Error(ErrorKind::kBadData,
              join_text("none of the ", candidates.size(), " checkpoints in ", folder_,
                        " can be read (the newest: ", warnings[warnings.size() - candidates.size()],
                        "): restore one, or start a new run in another folder"));
}

std::vector<ListedCheckpoint> Store::list() const {
  std::vector<ListedCheckpoint> listed;
  if (!files_.is_dir(folder_)) return listed;
  std::vector<std::string> names = {kNewest, kBest};
  for (const std::int64_t epoch : epochs()) names.push_back(epoch_file_name(epoch));
  for (const std::string& name : names) {
    if (!files_.exists(path_of(name))) continue;
    ListedCheckpoint entry;
    entry.name = name;
    try {
      entry.file_bytes = files_.size_bytes(path_of(name));
      entry.summary = read_summary(files_, path_of(name));
    } catch (const Error& error) {
      entry.problem = error.what();
    }
    listed.push_back(std::move(entry));
  }
  return listed;
}

}  // namespace ringmaster::ckpt
