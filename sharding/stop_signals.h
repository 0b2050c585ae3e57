// SIGINT and SIGTERM as a question that work asks between two images, instead of a handler.
#pragma once

namespace ringmaster::sharding {

// Make it before any thread is started: threads inherit that the signals wait. They wait until the
// process ends, also after this object is gone.
class StopSignals {
 public:
  StopSignals();  // Error{kIo} where the system has no descriptor left
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // The signal that came, 0 for none so far. One thread.
  [[nodiscard]] int received();

 private:
  int descriptor_ = -1;
  int signal_ = 0;
};

}  // namespace ringmaster::sharding
