// A run's folder of checkpoints:
//
//   checkpoint.pt   the newest complete save
//   model_000.pt    one per epoch, by number: the save at its end
//   best.pt         the save of the best epoch
//   *.tmp           a save under way, or what a crash left of one: never read
//   *.old           what a run that went back to an earlier checkpoint has set aside: never read
//
// The save at an epoch's end is one file with several names (hard links), written once; where the
// file system has no hard links, copies. Names are replaced by rename, never written through, so a
// name that stays keeps its bytes.
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
  std::int64_t keep_every = 0;   // and of every so many epochs (9, 19, 29 ... for 10); 0: none
  // Files that tell what happened up to the save (the log): synced before it is committed, so that
  // no power cut leaves a checkpoint that is ahead of them. Passed over where they don't exist.
  std::vector<std::string> sync_first;
};

// Under which names beside checkpoint.pt a save goes.
struct SaveNames {
  std::optional<std::int64_t> epoch;
  bool best = false;
};

struct SaveResult {
  std::uint64_t file_bytes = 0;
  // The save is committed, but something beside it went wrong: an old file could not be removed, a
  // file of sync_first not be synced.
  std::vector<std::string> warnings;
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

  // Commits `snapshot` under all its names: a temporary file is written and synced, given its other
  // names, and these are renamed, checkpoint.pt last; then the folder is synced. Returns when it is
  // durable.
  // On Error no file is damaged and no temporary one is left (unless even removing fails), and
  // checkpoint.pt is the old one, or, where only the last step failed, the new one. Error{kIo}
  // before anything is written where the disk has not enough room. A folder that has vanished (a
  // network disk that went away) is an error, and is not made again.
  SaveResult save(const Snapshot& snapshot, const SaveNames& names);

  // The newest save that verifies: checkpoint.pt, or where that is damaged or missing the newest
  // sound model_NNN.pt. Each that was passed over is named in `warnings`. Nothing where the folder
  // has no checkpoint at all; Error{kBadData} where it has some but none is sound, for training
  // from scratch over them would be the wrong answer. Error{kIo} where the newest can't be read
  // just now: going on from an older one would throw it away.
  [[nodiscard]] std::optional<LoadedSnapshot> load_newest(std::vector<std::string>& warnings) const;

  // For a run that goes back to an earlier checkpoint, with `step` steps and `epochs_done` epochs
  // done: renames what a later time of the run has left, model_NNN.pt of epochs that are no longer
  // done and best.pt where it is of a later step, to NAME.old. Returns the names.
  std::vector<std::string> set_aside_later(std::int64_t step, std::int64_t epochs_done);

  // All checkpoints of the folder: checkpoint.pt, best.pt, then epochs in order. Empty where there
  // is no folder.
  [[nodiscard]] std::vector<ListedCheckpoint> list() const;

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string newest_path() const;  // of checkpoint.pt, whether it exists or not

 private:
  [[nodiscard]] std::vector<std::int64_t> epochs() const;  // rising
  [[nodiscard]] std::string path_of(const std::string& name) const;
  void require_room(const Snapshot& snapshot) const;
  void write_file(const Snapshot& snapshot, const std::string& path, SaveResult& result);
  void sync_what_comes_first(std::vector<std::string>& warnings) const;
  void remove_quietly(const std::vector<std::string>& paths) const;
  void remove_old_epochs(std::vector<std::string>& warnings) const;

  FileSystem& files_;
  const std::string folder_;
  const StoreOptions options_;
};

// "model_007.pt"; more digits where needed.
[[nodiscard]] std::string epoch_file_name(std::int64_t epoch);

}  // namespace ringmaster::ckpt
