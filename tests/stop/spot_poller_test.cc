#include "stop/spot_poller.h"

#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::stop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kAction = "spot/instance-action";
constexpr const char* kAdvice = "events/recommendations/rebalance";

// A metadata service as a table, which hands out tokens and insists on the newest.
class FakeService final : public HttpClient {
 public:
  HttpReply send(const HttpRequest& request) override {
    if (unreachable) throw Error(ErrorKind::kIo, "connection refused");
    if (request.method == "PUT") return put(request);
    asked.push_back(request.url.substr(request.url.find("meta-data/") + 10));
    if (request.headers != std::vector<std::string>{"X-aws-ec2-metadata-token: " + token})
      return {401, "<html>"};
    const auto found = answers.find(asked.back());
    return found == answers.end() ? HttpReply{404, "<html>"} : found->second;
  }

  // What a restart of the service does.
  void forget_token() { token = "forgotten"; }

  bool unreachable = false;
  int token_status = 200;
  int tokens = 0;
  std::string token = "none yet", token_prefix = "token";
  std::map<std::string, HttpReply> answers;
  std::vector<std::string> asked;

 private:
  HttpReply put(const HttpRequest& request) {
    EXPECT_EQ(request.url, "http://service/latest/api/token");
    EXPECT_THAT(request.headers, ElementsAre("X-aws-ec2-metadata-token-ttl-seconds: 21600"));
    if (token_status != 200) return {token_status, ""};
    token = token_prefix + std::to_string(++tokens);
    return {200, token};
  }
};

class SpotPollerTest : public ::testing::Test {
 protected:
  FakeService service;
  double now = 0;
  SpotPoller poller{service, "http://service", 5, [this] { return now; }};
};

TEST_F(SpotPollerTest, FourOhFourIsNoNotice) {
  for (int i = 0; i < 3; ++i) {
    const PollResult result = poller.poll();
    EXPECT_EQ(result.reason, Reason::kNone);
    EXPECT_THAT(result.problem, IsEmpty());
    EXPECT_EQ(poller.wait_s(), 5);
  }
  EXPECT_EQ(service.tokens, 1) << "a token is used until it ends";
  EXPECT_THAT(service.asked, ElementsAre(kAction, kAdvice, kAction, kAdvice, kAction, kAdvice));
}

TEST_F(SpotPollerTest, EveryActionIsANotice) {
  for (const char* action : {"terminate", "stop", "hibernate"}) {
    service.answers[kAction] = {
        200, std::string(R"({"action":")") + action + R"(","time":"2017-09-18T08:22:00Z"})"};
    const PollResult result = poller.poll();
    EXPECT_EQ(result.reason, Reason::kSpotNotice);
    EXPECT_EQ(result.detail, std::string(action) + " at 2017-09-18T08:22:00Z");
  }
}

TEST_F(SpotPollerTest, ARecommendationIsToldOncePerTime) {
  service.answers[kAdvice] = {200, R"({"noticeTime":"2020-10-27T08:22:00Z"})"};
  EXPECT_EQ(poller.poll().reason, Reason::kRebalance);
  EXPECT_EQ(poller.poll().reason, Reason::kNone);
  service.answers[kAdvice] = {200, R"({"noticeTime":"2020-10-27T09:00:00Z"})"};
  EXPECT_EQ(poller.poll().reason, Reason::kRebalance);
  service.answers[kAction] = {200, R"({"action":"stop","time":"2020-10-27T09:02:00Z"})"};
  EXPECT_EQ(poller.poll().reason, Reason::kSpotNotice) << "a notice may follow";
}

TEST_F(SpotPollerTest, AForgottenTokenIsReplacedInTheSamePoll) {
  ASSERT_THAT(poller.poll().problem, IsEmpty());
  service.forget_token();
  service.answers[kAction] = {200, R"({"action":"stop","time":"2020-10-27T09:02:00Z"})"};
  EXPECT_EQ(poller.poll().reason, Reason::kSpotNotice);
  EXPECT_EQ(service.tokens, 2);
}

TEST_F(SpotPollerTest, ATokenIsRenewedBeforeItEnds) {
  (void)poller.poll();
  now = 19000;
  (void)poller.poll();
  EXPECT_EQ(service.tokens, 1);
  now = 19500;
  (void)poller.poll();
  EXPECT_EQ(service.tokens, 2);
}

TEST_F(SpotPollerTest, WhatFailsIsAskedLessOftenUntilItWorks) {
  service.unreachable = true;
  for (const double wait : {10.0, 20.0, 40.0, 40.0}) {
    EXPECT_THAT(poller.poll().problem, HasSubstr("connection refused"));
    EXPECT_EQ(poller.wait_s(), wait);
  }
  service.unreachable = false;
  EXPECT_THAT(poller.poll().problem, IsEmpty());
  EXPECT_EQ(poller.wait_s(), 5);
}

TEST_F(SpotPollerTest, UnexpectedStatusesAreProblems) {
  for (const int status : {400, 401, 403, 500, 503}) {
    service.answers[kAction] = {status, ""};
    const PollResult result = poller.poll();
    EXPECT_EQ(result.reason, Reason::kNone);
    EXPECT_THAT(result.problem, HasSubstr(std::to_string(status)));
  }
  service.answers.clear();
  EXPECT_THAT(poller.poll().problem, IsEmpty());
}

TEST_F(SpotPollerTest, ARefusedTokenIsAProblem) {
  service.token_status = 403;
  EXPECT_THAT(poller.poll().problem, HasSubstr("403"));
  EXPECT_THAT(service.asked, IsEmpty());
}

TEST_F(SpotPollerTest, GarbageIsNoNotice) {
  const std::string deep(50'000, '[');
  for (const std::string& garbage :
       {std::string("<html>captive portal</html>"), std::string("{}"), std::string("[]"),
        std::string(R"({"action":5,"time":"x"})"), std::string(R"({"action":"stop"})"),
        std::string("\xff\xfe\0\1", 4), std::string(), deep}) {
    service.answers[kAction] = {200, garbage};
    const PollResult result = poller.poll();
    EXPECT_EQ(result.reason, Reason::kNone);
    EXPECT_THAT(result.problem, HasSubstr("instance-action"));
  }
}

TEST_F(SpotPollerTest, WhatCannotBeAHeaderIsNoToken) {
  for (const std::string& garbage :
       {std::string("a\r\nEvil: b"), std::string(5000, 'a'), std::string("<html> ")}) {
    service.token_prefix = garbage;
    EXPECT_THAT(poller.poll().problem, HasSubstr("no token"));
  }
  EXPECT_THAT(service.asked, IsEmpty());
}

}  // namespace
}  // namespace ringmaster::stop
