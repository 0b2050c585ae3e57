// A server on this machine's loopback that answers every connection with the same bytes, or with
// silence: what HTTP clients must bear.
#pragma once

#include <atomic>
#include <string>
#include <thread>

namespace ringmaster::testing {

class LoopbackServer {
 public:
  // Empty `answer`: connections are accepted, and nothing is ever said.
  explicit LoopbackServer(std::string answer);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:PORT"
  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] std::string last_request() const { return last_request_; }  // once it was answered

 private:
  void serve();

  const std::string answer_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> requests_{0};
  std::string last_request_;
  std::thread thread_;
};

}  // namespace ringmaster::testing
