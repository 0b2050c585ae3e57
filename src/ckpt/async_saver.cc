#include "ckpt/async_saver.h"

#include <chrono>
#include <exception>
#include <utility>

#include "base/seconds.h"

namespace ringmaster::ckpt {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

AsyncSaver::AsyncSaver(Store& store, int copy_threads)
    : store_(store), copy_(copy_threads), writer_([this] { write_until_closed(); }) {}

AsyncSaver::~AsyncSaver() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

void AsyncSaver::reserve(std::size_t size_bytes) {
  {
    const std::lock_guard lock(mutex_);
    room_bytes_ = size_bytes;
  }
  changed_.notify_all();
}

SubmitResult AsyncSaver::submit(const Snapshot& live, const SaveNames& names, Deadline deadline) {
  SubmitResult result;
  const auto asked = Clock::now();
  std::unique_lock lock(mutex_);
  result.accepted = changed_.wait_until(lock, deadline.at(), [&] { return !has_work(); });
  result.wait_s = seconds_since(asked);
  if (!result.accepted) return result;
  const auto start = Clock::now();
  const Snapshot& copy = copy_.take(live);
  result.copy_s = seconds_since(start);
  result.ended = std::exchange(reports_, {});
  pending_ = &copy;
  names_ = names;
  lock.unlock();
  changed_.notify_all();
  return result;
}

std::vector<SaveReport> AsyncSaver::take_reports() {
  const std::lock_guard lock(mutex_);
  return std::exchange(reports_, {});
}

std::vector<SaveReport> AsyncSaver::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !has_work(); });
  return std::exchange(reports_, {});
}

void AsyncSaver::write_until_closed() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return has_work() || closed_; });
    if (!has_work()) return;
    if (room_bytes_ > 0) make_room(lock);
    if (pending_ != nullptr) save_one(lock);
    changed_.notify_all();
  }
}

void AsyncSaver::make_room(std::unique_lock<std::mutex>& lock) {
  const std::size_t size_bytes = room_bytes_;
  lock.unlock();
  try {
    copy_.reserve(size_bytes);
  } catch (const std::exception&) {
    // The next submit() tries again, where an error can be told.
  }
  lock.lock();
  room_bytes_ = 0;
}

void AsyncSaver::save_one(std::unique_lock<std::mutex>& lock) {
  SaveReport report;
  report.names = names_;
  report.progress = pending_->progress;
  lock.unlock();
  const auto start = Clock::now();
  try {
    report.result = store_.save(*pending_, report.names);
  } catch (const Error& error) {
    report.error = error;
  } catch (const std::exception& error) {
    report.error = Error(ErrorKind::kInternal, std::string("save checkpoint: ") + error.what());
  }
  report.write_s = seconds_since(start);
  lock.lock();
  pending_ = nullptr;
  reports_.push_back(std::move(report));
}

}  // namespace ringmaster::ckpt
