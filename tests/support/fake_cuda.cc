#include "tests/support/fake_cuda.h"

#include <algorithm>
#include <chrono>

namespace ringmaster::testing {

int& fake_current_device() {
  thread_local int device = 0;
  return device;
}

FakeGpu& FakeGpu::get() {
  static FakeGpu gpu;
  return gpu;
}

FakeGpu::FakeGpu() : scheduler_([this] { run(); }) {}

FakeGpu::~FakeGpu() {
  {
    const FakeLock guard = lock();
    stopping_ = true;
    wake(guard);
  }
  scheduler_.join();
  discard_streams();
}

void FakeGpu::discard_streams() {
  for (FakeStream* const stream : streams_) delete stream;
  streams_.clear();
  retired_.clear();
  default_streams_.clear();
}

void FakeGpu::reset(int devices, unsigned seed) {
  const FakeLock guard = lock();
  devices_ = devices;
  random_.seed(seed);
  peers_notice_abort_ = true;
  paused_.clear();
  unsettling_.clear();
  failures_.clear();
  calls_.clear();
  living_.clear();
  violations_.clear();
  discard_streams();
}

void FakeGpu::fail(const FakeFailure& failure) {
  const FakeLock guard = lock();
  failures_.push_back(failure);
}

std::map<std::string, int> FakeGpu::calls(int device) {
  const FakeLock guard = lock();
  return calls_[device];
}

std::string FakeGpu::leaks() {
  const FakeLock guard = lock();
  std::string text;
  for (const auto& [kind, handles] : living_) {
    if (handles.empty()) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(handles.size()) + " " + kind;
  }
  return text;
}

std::vector<std::string> FakeGpu::violations() {
  const FakeLock guard = lock();
  return violations_;
}

void FakeGpu::pause(int device) {
  const FakeLock guard = lock();
  paused_.insert(device);
}

void FakeGpu::resume(int device) {
  const FakeLock guard = lock();
  paused_.erase(device);
  wake(guard);
}

void FakeGpu::set_peers_notice_abort(bool notice) {
  const FakeLock guard = lock();
  peers_notice_abort_ = notice;
}

void FakeGpu::never_settle(int device) {
  const FakeLock guard = lock();
  unsettling_.insert(device);
}

void FakeGpu::enqueue(int device, std::function<void()> work) {
  const FakeLock guard = lock();
  use(guard, stream(guard, nullptr, device), [work = std::move(work)](const FakeLock&) {
    work();
    return true;
  });
}

void FakeGpu::wait_for_default_stream(int device) {
  while (true) {
    {
      const FakeLock guard = lock();
      if (stream(guard, nullptr, device).work.empty()) return;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

std::optional<int> FakeGpu::enter(const FakeLock&, const std::string& function) {
  const int device = fake_current_device();
  const int nth = calls_[device][function]++;
  const auto found = std::find_if(failures_.begin(), failures_.end(), [&](const FakeFailure& f) {
    return f.device == device && f.function == function && f.nth == nth;
  });
  if (found == failures_.end()) return std::nullopt;
  return found->code;
}

void FakeGpu::violate(const FakeLock&, const std::string& what) {
  violations_.push_back(what);
}

FakeStream& FakeGpu::stream(const FakeLock&, void* handle, int device) {
  if (handle != nullptr) return *static_cast<FakeStream*>(handle);
  FakeStream*& stream = default_streams_[device];
  if (stream == nullptr) {
    stream = new FakeStream{device, 0, {}};
    streams_.insert(stream);
  }
  return *stream;
}

void FakeGpu::push(const FakeLock& guard, FakeStream& stream, FakeWork work) {
  stream.work.push_back(std::move(work));
  wake(guard);
}

void FakeGpu::use(const FakeLock& guard, FakeStream& stream, FakeWork work) {
  if (stream.unsettled != 0) violate(guard, "a stream was used before NCCL had settled its call");
  push(guard, stream, std::move(work));
}

void FakeGpu::made(const FakeLock&, const char* kind, void* handle) {
  living_[kind].insert(handle);
  if (std::string(kind) == "streams") streams_.insert(static_cast<FakeStream*>(handle));
}

bool FakeGpu::gone(const FakeLock& guard, const char* kind, void* handle) {
  if (living_[kind].erase(handle) != 0) return true;
  violate(guard, std::string("destroyed what is none of the living ") + kind);
  return false;
}

bool FakeGpu::alive(const FakeLock&, const char* kind, void* handle) const {
  const auto found = living_.find(kind);
  return found != living_.end() && found->second.count(handle) != 0;
}

void FakeGpu::destroy_stream(const FakeLock& guard, void* handle) {
  if (!gone(guard, "streams", handle)) return;
  retired_.insert(static_cast<FakeStream*>(handle));
  wake(guard);
}

void FakeGpu::run() {
  FakeLock guard = lock();
  while (!stopping_) {
    if (!advance_one(guard)) changed_.wait(guard);
  }
}

// Lets one piece of work of a random stream run; false when none can.
bool FakeGpu::advance_one(const FakeLock& guard) {
  std::vector<FakeStream*> busy;
  for (FakeStream* const stream : streams_) {
    if (!stream->work.empty() && paused_.count(stream->device) == 0) busy.push_back(stream);
  }
  std::sort(busy.begin(), busy.end());
  std::shuffle(busy.begin(), busy.end(), random_);
  for (FakeStream* const stream : busy) {
    if (!stream->work.front()(guard)) continue;
    stream->work.pop_front();
    if (stream->work.empty() && retired_.erase(stream) != 0) {
      streams_.erase(stream);
      delete stream;
    }
    return true;
  }
  return false;
}

}  // namespace ringmaster::testing
