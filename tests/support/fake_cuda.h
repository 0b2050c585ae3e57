// The machine behind the link-time doubles of the CUDA runtime, of NCCL and of our kernels
// (fake_cuda_runtime.cc, fake_nccl.cc, fake_cuda_add.cc): any number of devices whose memory is the
// host's, so that the GPU engine's orchestration runs, with the ranks as threads, where no GPU is.
//
// It is as unhelpful as the real ones are allowed to be: streams advance in a random order (by
// seed), new memory is garbage, and a non-blocking NCCL call reaches its stream only after it was
// polled for. An ordering that the code under test does not ask for is not given. What no correct
// program does (using a stream or a communicator before a call on it is settled, sends that do not
// match their receives, ...) is recorded as a violation.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ringmaster::testing {

using FakeLock = std::unique_lock<std::mutex>;
// Work of a stream: whether it is done; asked again and again while it is first, under the lock.
using FakeWork = std::function<bool(const FakeLock&)>;

struct FakeStream {
  int device = 0;
  int unsettled = 0;  // NCCL calls that have not reached it yet: nobody may use it
  std::deque<FakeWork> work;
};

// To make the `nth` call (from 0) of `function` on `device` fail with `code`, an error number of
// the function's library.
struct FakeFailure {
  int device = 0;
  std::string function;
  int nth = 0;
  int code = 0;
};

// One a process, as the real ones are: the C functions must find it. Thread safe.
class FakeGpu {
 public:
  static FakeGpu& get();

  // Starts a machine anew, between tests. `seed` decides the order of streams.
  void reset(int devices, unsigned seed);
  void fail(const FakeFailure& failure);
  // How often each function was called on `device`.
  [[nodiscard]] std::map<std::string, int> calls(int device);
  // "" when nothing made by the code under test still exists: "2 streams, 1 communicator".
  [[nodiscard]] std::string leaks();
  [[nodiscard]] std::vector<std::string> violations();
  // Stops and continues the work of a device's streams.
  void pause(int device);
  void resume(int device);
  // From now on NCCL calls of `device` never settle, as while NCCL connects to a rank that is gone.
  void never_settle(int device);
  // Whether an aborted communicator is an error on its other ranks, as over a network, or nothing
  // that they notice, as over NVLink.
  void set_peers_notice_abort(bool notice);
  // Queues work for the default stream of `device`, and waits for all that is queued there.
  void enqueue(int device, std::function<void()> work);
  void wait_for_default_stream(int device);

  // ---- for the doubles only ----
  [[nodiscard]] FakeLock lock() { return FakeLock(mutex_); }
  // Counts a call on the calling thread's device; the code that it must return, if it is to fail.
  [[nodiscard]] std::optional<int> enter(const FakeLock&, const std::string& function);
  [[nodiscard]] int device_count(const FakeLock&) const { return devices_; }
  void violate(const FakeLock&, const std::string& what);
  FakeStream& stream(const FakeLock&, void* handle, int device);
  void push(const FakeLock&, FakeStream& stream, FakeWork work);
  // The same by a caller outside NCCL: a violation while a call of NCCL's is not settled.
  void use(const FakeLock&, FakeStream& stream, FakeWork work);
  void made(const FakeLock&, const char* kind, void* handle);
  // Whether `handle` was a living one of that kind; it no longer is.
  bool gone(const FakeLock&, const char* kind, void* handle);
  [[nodiscard]] bool alive(const FakeLock&, const char* kind, void* handle) const;
  void destroy_stream(const FakeLock&, void* handle);
  [[nodiscard]] bool settles(const FakeLock&, int device) const {
    return unsettling_.count(device) == 0;
  }
  [[nodiscard]] bool peers_notice_abort(const FakeLock&) const { return peers_notice_abort_; }
  [[nodiscard]] unsigned random(const FakeLock&) { return random_(); }
  // The scheduler looks again.
  void wake(const FakeLock&) { changed_.notify_all(); }

 private:
  FakeGpu();
  ~FakeGpu();
  void run();
  bool advance_one(const FakeLock&);
  void discard_streams();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  int devices_ = 1;
  std::mt19937 random_;
  bool peers_notice_abort_ = true;
  std::set<int> paused_;
  std::set<int> unsettling_;
  std::vector<FakeFailure> failures_;
  std::map<int, std::map<std::string, int>> calls_;
  std::map<std::string, std::set<void*>> living_;
  std::vector<std::string> violations_;
  std::set<FakeStream*> streams_;
  std::set<FakeStream*> retired_;  // destroyed with work left: it still runs
  std::map<int, FakeStream*> default_streams_;
  std::thread scheduler_;
};

// The calling thread's current device.
int& fake_current_device();

}  // namespace ringmaster::testing
