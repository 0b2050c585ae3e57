// Saves beside the training: the step waits for a copy into host memory, a thread of its own
// writes.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "ckpt/host_copy.h"
#include "ckpt/store.h"

namespace ringmaster::ckpt {

// How a save ended.
struct SaveReport {
  SaveNames names;
  std::map<std::string, std::int64_t> progress;  // the snapshot's
  double write_s = 0;
  SaveResult result;           // where it is committed
  std::optional<Error> error;  // else: Store::save()'s; the store holds what it held before
};

// What submit() did, and what it cost the caller.
struct SubmitResult {
  bool accepted = false;          // false: the save before was still being written at the deadline
  double wait_s = 0;              // for the save before
  double copy_s = 0;              // into host memory
  std::vector<SaveReport> ended;  // as take_reports(): of saves before this one, where accepted
};

// At most one save is under way. A save that fails ends in a report, never in an exception: whether
// training goes on is the caller's to decide. One thread calls; the store is used by the writer
// thread between submit() and the report, so the caller must not use it then.
class AsyncSaver {
 public:
  // `store` must outlive it. `copy_threads` > 0: that copy a snapshot, the caller's among them.
  explicit AsyncSaver(Store& store, int copy_threads = 1);
  ~AsyncSaver();  // finishes the save under way
  AsyncSaver(const AsyncSaver&) = delete;
  AsyncSaver& operator=(const AsyncSaver&) = delete;

  // Makes room for snapshots of about so many bytes, so that the first copy is as quick as the
  // others; the writer thread does so, for it may take a second where memory is fragmented, and a
  // submit() meanwhile waits for it. Without so much memory submit() makes room itself, or throws.
  // Call while no save is under way.
  void reserve(std::size_t size_bytes);

  // Copies `live` and starts to save it; what `live` refers to may change as soon as this returns.
  // Waits first for the save before, until `deadline`.
  SubmitResult submit(const Snapshot& live, const SaveNames& names,
                      Deadline deadline = Deadline::never());

  // The saves that ended since the last call of this or of flush(), in order.
  [[nodiscard]] std::vector<SaveReport> take_reports();

  // Waits until nothing is under way, then as take_reports().
  [[nodiscard]] std::vector<SaveReport> flush();

 private:
  void write_until_closed();
  void save_one(std::unique_lock<std::mutex>& lock);
  void make_room(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool has_work() const { return pending_ != nullptr || room_bytes_ > 0; }

  Store& store_;
  HostCopy copy_;  // of the caller's thread while idle, of the writer's while it has work
  std::mutex mutex_;
  std::condition_variable changed_;
  const Snapshot* pending_ = nullptr;  // not null: a save is under way
  std::size_t room_bytes_ = 0;         // to make; 0: none
  SaveNames names_;
  std::vector<SaveReport> reports_;
  bool closed_ = false;
  std::thread writer_;
};

}  // namespace ringmaster::ckpt
