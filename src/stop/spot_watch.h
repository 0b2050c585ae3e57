// A thread that polls for EC2's notices and hands them to the stop flag.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.h"
#include "stop/http.h"
#include "stop/spot_poller.h"
#include "stop/stop_flag.h"

namespace ringmaster::stop {

struct SpotOptions {
  std::string endpoint = "http://169.254.169.254";
  double interval_s = 5;  // AWS's advice
};

// A slow, failing or missing service costs the training nothing: it is asked by this thread alone,
// less often while it fails, and a failure is logged when it begins and when it ends. The thread
// ends by itself after an interruption notice.
class SpotWatch {
 public:
  // `stop` and `log` must outlive it. Error{kInvalidArgument} where the endpoint is not http://….
  SpotWatch(const SpotOptions& options, std::unique_ptr<HttpClient> http, StopFlag& stop,
            Logger& log);
  ~SpotWatch();  // waits for the request under way, if any
  SpotWatch(const SpotWatch&) = delete;
  SpotWatch& operator=(const SpotWatch&) = delete;

 private:
  void watch();
  void tell(const PollResult& result);

  const std::unique_ptr<HttpClient> http_;
  SpotPoller poller_;
  StopFlag& stop_;
  Logger& log_;
  bool failing_ = false;  // the thread's
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace ringmaster::stop
