#include "stop/spot_watch.h"

#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::stop {
namespace {

// Answers as its function says; counts the questions.
class Scripted final : public HttpClient {
 public:
  Scripted(std::atomic<int>& asked, std::function<HttpReply(int)> answer)
      : asked_(asked), answer_(std::move(answer)) {}
  HttpReply send(const HttpRequest& request) override {
    if (request.method == "PUT") return {200, "token"};
    return answer_(++asked_);
  }

 private:
  std::atomic<int>& asked_;
  const std::function<HttpReply(int)> answer_;
};

class SpotWatchTest : public ::testing::Test {
 protected:
  SpotWatchTest() { options.interval_s = 0.01; }

  std::unique_ptr<SpotWatch> watch(std::function<HttpReply(int)> answer) {
    return std::make_unique<SpotWatch>(
        options, std::make_unique<Scripted>(asked, std::move(answer)), stop, log);
  }
  // Up to ten seconds.
  template <typename Condition>
  bool wait_for(Condition condition) {
    for (int i = 0; i < 1000 && !condition(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  }

  StopFlag stop;  // first: it blocks signals for the threads after it
  Logger log{LogOptions{}};
  SpotOptions options;
  std::atomic<int> asked{0};
};

TEST_F(SpotWatchTest, HandsANoticeToTheFlagAndEnds) {
  const auto watching = watch([](int question) {
    return question < 4 ? HttpReply{404, ""}
                        : HttpReply{200, R"({"action":"terminate","time":"2026-11-23T21:00:00Z"})"};
  });
  EXPECT_TRUE(wait_for([&] { return stop.requested() == Reason::kSpotNotice; }));
  const int then = asked;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(asked, then) << "there is nothing more to learn";
}

TEST_F(SpotWatchTest, FailuresStopNothing) {
  const auto watching = watch([](int question) -> HttpReply {
    if (question % 2 == 0) throw Error(ErrorKind::kIo, "no route");
    return {500, "?"};
  });
  EXPECT_TRUE(wait_for([&] { return asked > 3; }));
  EXPECT_EQ(stop.take(), Reason::kNone);
}

TEST_F(SpotWatchTest, EndsBetweenTwoQuestions) {
  options.interval_s = 3600;
  const auto watching = watch([](int) { return HttpReply{404, ""}; });
  EXPECT_TRUE(wait_for([&] { return asked == 2; }));
}  // the destructor does not wait for an hour

TEST_F(SpotWatchTest, AWrongEndpointIsRefused) {
  for (const char* endpoint : {"", "169.254.169.254", "https://x", "file:///etc", "http://x/"}) {
    options.endpoint = endpoint;
    EXPECT_THROW((void)watch([](int) { return HttpReply{}; }), Error) << endpoint;
  }
}

}  // namespace
}  // namespace ringmaster::stop
