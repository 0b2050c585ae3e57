// Work done on several threads whose results are taken in order, with bounded memory: what makes
// the bytes of a pack independent of the number of workers.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"

namespace ringmaster::sharding {

struct OrderedWorkOptions {
  int workers = 1;
  // Sum of the costs of units that are begun and not yet consumed. One unit is always let in, so
  // one that costs more than this works too, alone.
  std::uint64_t budget_bytes = std::uint64_t{256} << 20;
};

// Units of work 0 .. count - 1: made on worker threads, consumed in order on the calling thread.
template <typename Result>
class OrderedWork {
 public:
  struct Steps {
    std::function<std::uint64_t(std::size_t)> cost_bytes;  // what a unit holds in memory
    std::function<Result(std::size_t)> make;               // on a worker
    std::function<bool(std::size_t, Result)> consume;      // false: stop here
  };

  OrderedWork(std::size_t count, const OrderedWorkOptions& options, Steps steps)
      : count_(count), options_(options), steps_(std::move(steps)) {
    RM_CHECK(options.workers > 0);
  }
  OrderedWork(const OrderedWork&) = delete;
  OrderedWork& operator=(const OrderedWork&) = delete;
  ~OrderedWork() { join(); }

  // At most once. False where consume() asked to stop. The first exception in the order of the
  // units, of make or of consume, ends it: so which error is reported does not depend on the
  // workers either. They have finished what they held when this returns or throws.
  bool run() {
    for (int i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
    bool going = true;
    for (std::size_t unit = 0; going && unit < count_; ++unit) {
      Made done = take(unit);
      if (done.error != nullptr) {
        join();
        std::rethrow_exception(done.error);
      }
      going = steps_.consume(unit, std::move(done.result));
      give_back(unit);
    }
    join();
    return going;
  }

 private:
  struct Made {
    Result result{};
    std::exception_ptr error;
  };

  bool may_begin() {  // mutex_ is held
    return stopping_ || next_ == count_ || held_bytes_ == 0 ||
           (held_bytes_ < options_.budget_bytes &&
            steps_.cost_bytes(next_) <= options_.budget_bytes - held_bytes_);
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      room_.wait(lock, [this] { return may_begin(); });
      if (stopping_ || next_ == count_) return;
      const std::size_t unit = next_++;
      held_bytes_ += steps_.cost_bytes(unit);
      lock.unlock();
      Made done;
      try {
        done.result = steps_.make(unit);
      } catch (...) {
        done.error = std::current_exception();
      }
      lock.lock();
      made_.emplace(unit, std::move(done));
      ready_.notify_one();
    }
  }

  Made take(std::size_t unit) {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [&] { return made_.contains(unit); });
    return std::move(made_.extract(unit).mapped());
  }

  void give_back(std::size_t unit) {
    std::lock_guard lock(mutex_);
    held_bytes_ -= steps_.cost_bytes(unit);
    room_.notify_all();
  }

  void join() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      room_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  const std::size_t count_;
  const OrderedWorkOptions options_;
  const Steps steps_;
  std::mutex mutex_;
  std::condition_variable room_, ready_;
  std::map<std::size_t, Made> made_;
  std::size_t next_ = 0;
  std::uint64_t held_bytes_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ringmaster::sharding
