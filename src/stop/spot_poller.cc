#include "stop/spot_poller.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace ringmaster::stop {
namespace {

constexpr int kTokenSeconds = 21600;  // the longest that the service gives
constexpr double kRenewAfter = 0.9;   // of that time
constexpr int kMostDoublings = 3;
constexpr std::size_t kLongestToken = 1000;

// The string `key` of the JSON object `body`. Error{kBadData} where there is none.
std::string field(const std::string& body, const char* key, const std::string& path) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  const bool found = json.is_object() && json.contains(key) && json[key].is_string();
  RM_REQUIRE(found, ErrorKind::kBadData, path, " answers with something that has no \"", key,
             "\": ",
             nlohmann::json(body.substr(0, 60))
                 .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
  return json[key].get<std::string>();
}

bool is_token(const std::string& text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

}  // namespace

SpotPoller::SpotPoller(HttpClient& http, std::string endpoint, double interval_s, Clock clock)
    : http_(http),
      endpoint_(std::move(endpoint)),
      interval_s_(interval_s),
      clock_(std::move(clock)) {}

PollResult SpotPoller::poll() {
  try {
    const PollResult result = ask();
    failures_ = 0;
    return result;
  } catch (const std::exception& problem) {
    ++failures_;
    PollResult result;
    result.problem = problem.what();
    return result;
  }
}

double SpotPoller::wait_s() const {
  return interval_s_ * std::pow(2, std::min(failures_, kMostDoublings));
}

PollResult SpotPoller::ask() {
  PollResult result;
  const std::string action_path = "spot/instance-action";
  if (const auto action = get(action_path)) {
    result.detail =
        field(*action, "action", action_path) + " at " + field(*action, "time", action_path);
    result.reason = Reason::kSpotNotice;
    return result;
  }
  const std::string advice_path = "events/recommendations/rebalance";
  if (const auto advice = get(advice_path)) {
    const std::string time = field(*advice, "noticeTime", advice_path);
    if (time == last_advice_) return result;
    last_advice_ = time;
    result.detail = "of " + time;
    result.reason = Reason::kRebalance;
  }
  return result;
}

std::optional<std::string> SpotPoller::get(const std::string& path) {
  if (token_.empty() || clock_() >= token_until_) renew_token();
  HttpReply reply = get_once(path);
  if (reply.status == 401) {  // the service has forgotten the token, as when it was restarted
    renew_token();
    reply = get_once(path);
  }
  if (reply.status == 404) return std::nullopt;
  RM_REQUIRE(reply.status == 200, ErrorKind::kIo, path, " answers with status ", reply.status);
  return std::move(reply.body);
}

HttpReply SpotPoller::get_once(const std::string& path) {
  return http_.send(
      {"GET", endpoint_ + "/latest/meta-data/" + path, {"X-aws-ec2-metadata-token: " + token_}});
}

void SpotPoller::renew_token() {
  token_.clear();
  HttpReply reply =
      http_.send({"PUT",
                  endpoint_ + "/latest/api/token",
                  {join_text("X-aws-ec2-metadata-token-ttl-seconds: ", kTokenSeconds)}});
  RM_REQUIRE(reply.status == 200, ErrorKind::kIo, "the request for a token answers with status ",
             reply.status);
  RM_REQUIRE(is_token(reply.body), ErrorKind::kBadData,
             "the request for a token answers with something that is no token");
  token_ = std::move(reply.body);
  token_until_ = clock_() + kRenewAfter * kTokenSeconds;
}

}  // namespace ringmaster::stop
