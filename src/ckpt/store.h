// A run's folder of checkpoints:
//
//   checkpoint.pt   the newest complete save
//   model_000.pt    one per epoch, by number: the save at its end
//   best.pt         the save of the best epoch
//   *.tmp           a save under way, or what a crash left of one: never read
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "ckpt/snapshot.h"

namespace ringmaster::ckpt {

struct StoreOptions {
  std::int64_t keep_epochs = 0;  // model_NNN.pt of so many newest epochs; 0: all
};

// Under which names beside checkpoint.pt a save goes.
struct SaveNames {
  std::optional<std::int64_t> epoch;
  bool best = false;
};

struct SaveResult {
  std::uint64_t file_bytes = 0;
  std::vector<std::string> warnings;  // the save is committed, but an old file could not be removed
};

struct LoadedSnapshot {
  std::string path;
  Snapshot snapshot;
};

struct ListedCheckpoint {
  std::string name;  // within the folder
  std::uint64_t file_bytes = 0;
  Snapshot summary;     // as read_summary(): no tensors
  std::string problem;  // why it can't be read; empty where it can
};

// One process writes at a time (rank 0); any number may read. One thread at a time.
class Store {
 public:
  // `files` must outlive it. Touches nothing.
  Store(FileSystem& files, std::string folder, const StoreOptions& options = {});

  // Makes the folder and removes what a crash left of a save. Call before the first save.
  void prepare();

  // Commits `snapshot` under all its names: temporary files are written and synced, then renamed,
  // checkpoint.pt last, then the folder is synced. Returns when it is durable.
  // On Error no file is damaged and no temporary one is left (unless even removing fails), and
  // checkpoint.pt is the old one, or, where only the last step failed, the new one. Error{kIo}
  // before anything is written where the disk has not enough room.
  SaveResult save(const Snapshot& snapshot, const SaveNames& names);

  // The newest save that verifies: checkpoint.pt, or where that is damaged or missing the newest
  // sound model_NNN.pt. Each that was passed over is named in `warnings`. Nothing where the folder
  // has no checkpoint at all; Error{kBadData} where it has some but none is sound, for training
  // from scratch over them would be the wrong answer.
  [[nodiscard]] std::optional<LoadedSnapshot> load_newest(std::vector<std::string>& warnings) const;

  // All checkpoints of the folder: checkpoint.pt, best.pt, then epochs in order. Empty where there
  // is no folder.
  [[nodiscard]] std::vector<ListedCheckpoint> list() const;

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  [[nodiscard]] std::vector<std::int64_t> epochs() const;  // rising
  [[nodiscard]] std::string path_of(const std::string& name) const;
  void require_room(const Snapshot& snapshot, std::size_t files) const;
  void remove_quietly(const std::vector<std::string>& paths) const;
  void remove_old_epochs(std::vector<std::string>& warnings) const;

  FileSystem& files_;
  const std::string folder_;
  const StoreOptions options_;
};

// "model_007.pt"; more digits where needed.
[[nodiscard]] std::string epoch_file_name(std::int64_t epoch);

}  // namespace ringmaster::ckpt
