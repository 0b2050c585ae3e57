// Asks EC2's instance metadata service (IMDSv2) whether the instance will be taken back.
//
//   PUT /latest/api/token                                    a token for what follows
//   GET /latest/meta-data/spot/instance-action               404: no notice; 200: {"action": …,
//   "time": …}, two minutes ahead GET /latest/meta-data/events/recommendations/rebalance   404:
//   none; 200: {"noticeTime": …}
//
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html and
// .../rebalance-recommendations.html; statuses in .../configuring-instance-metadata-service.html.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "stop/http.h"
#include "stop/reason.h"

namespace ringmaster::stop {

struct PollResult {
  Reason reason = Reason::kNone;  // kSpotNotice; kRebalance once per recommendation; else kNone
  std::string detail;             // "terminate at 2026-11-23T21:00:00Z"
  std::string problem;  // why nothing could be learnt: no answer, an unexpected one; "" otherwise
};

// The questions in their order, without a thread or a clock of its own. One thread.
class SpotPoller {
 public:
  using Clock = std::function<double()>;  // seconds that only grow

  // `http` must outlive it. `endpoint`: "http://ADDRESS[:PORT]". `interval_s`: between two polls.
  SpotPoller(HttpClient& http, std::string endpoint, double interval_s, Clock clock);

  // Asks once. Throws nothing: what fails is told in the result, and asked again next time.
  [[nodiscard]] PollResult poll();
  // To the next poll: the interval, doubled with every failure in a row up to eight times.
  [[nodiscard]] double wait_s() const;

 private:
  void renew_token();
  [[nodiscard]] HttpReply get_once(const std::string& path);
  [[nodiscard]] std::optional<std::string> get(const std::string& path);  // nothing: 404
  [[nodiscard]] PollResult ask();

  HttpClient& http_;
  const std::string endpoint_;
  const double interval_s_;
  const Clock clock_;
  std::string token_;
  double token_until_ = 0;
  std::string last_advice_;
  int failures_ = 0;
};

}  // namespace ringmaster::stop
