#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "stop/http.h"
#include "tests/support/loopback_server.h"

namespace ringmaster::stop {
namespace {

using ::testing::HasSubstr;
using testing::LoopbackServer;

std::string answer(const std::string& status, const std::string& body,
                   const std::string& header = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n" + header + "\r\n" + body;
}

HttpOptions impatient() {
  HttpOptions options;
  options.timeout_ms = 300;
  options.limit_bytes = 1000;
  return options;
}

// The message of the Error{kIo} that a request for `url` ends with.
std::string error_of(const std::string& url) {
  try {
    (void)make_curl_client(impatient())->send({"GET", url, {}});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    return error.what();
  }
  return "no error";
}

TEST(CurlClient, GivesStatusAndBody) {
  const LoopbackServer server(answer("404 Not Found", "no notice"));
  const auto client = make_curl_client();
  for (int i = 0; i < 2; ++i) {
    const HttpReply reply = client->send({"GET", server.url() + "/a/b", {"X-token: secret"}});
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.body, "no notice");
  }
  EXPECT_THAT(server.last_request(), HasSubstr("GET /a/b HTTP/1.1\r\n"));
  EXPECT_THAT(server.last_request(), HasSubstr("X-token: secret\r\n"));
}

TEST(CurlClient, PutsWithoutABody) {
  const LoopbackServer server(answer("200 OK", "token"));
  EXPECT_EQ(make_curl_client()->send({"PUT", server.url() + "/t", {}}).body, "token");
  EXPECT_THAT(server.last_request(), HasSubstr("PUT /t HTTP/1.1\r\n"));
}

TEST(CurlClient, NeverTakesAProxy) {
  const LoopbackServer server(answer("200 OK", "direct")), proxy(answer("200 OK", "by proxy"));
  for (const char* name : {"http_proxy", "ALL_PROXY"}) ::setenv(name, proxy.url().c_str(), 1);
  EXPECT_EQ(make_curl_client()->send({"GET", server.url(), {}}).body, "direct");
  for (const char* name : {"http_proxy", "ALL_PROXY"}) ::unsetenv(name);
  EXPECT_EQ(proxy.requests(), 0);
}

TEST(CurlClient, FollowsNoRedirection) {
  const LoopbackServer other(answer("200 OK", "elsewhere"));
  const LoopbackServer server(answer("302 Found", "", "Location: " + other.url() + "\r\n"));
  EXPECT_EQ(make_curl_client()->send({"GET", server.url(), {}}).status, 302);
  EXPECT_EQ(other.requests(), 0);
}

TEST(CurlClient, SilenceIsAnError) {
  const LoopbackServer server("");
  EXPECT_THAT(error_of(server.url()), HasSubstr(server.url()));
}

TEST(CurlClient, ATooLongAnswerIsAnError) {
  const LoopbackServer server(answer("200 OK", std::string(1001, 'x')));
  EXPECT_THAT(error_of(server.url()), HasSubstr("1000 bytes"));
}

TEST(CurlClient, WhatIsNotHttpIsAnError) {
  const LoopbackServer server("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_THAT(error_of(server.url()), HasSubstr("GET"));
}

TEST(CurlClient, NobodyThereIsAnError) {
  std::string url;
  {
    const LoopbackServer server(answer("200 OK", ""));
    url = server.url();
  }
  EXPECT_THAT(error_of(url), HasSubstr("connect"));
}

}  // namespace
}  // namespace ringmaster::stop
