// The seam to HTTP, as small as asking the instance metadata service needs it.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace ringmaster::stop {

struct HttpRequest {
  std::string method;  // "GET", or "PUT" with an empty body
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
};

struct HttpReply {
  int status = 0;
  std::string body;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any complete answer is a reply, whatever its status. Error{kIo} where there is none.
  [[nodiscard]] virtual HttpReply send(const HttpRequest& request) = 0;
};

struct HttpOptions {
  long timeout_ms = 2000;            // of a whole request
  std::size_t limit_bytes = 64'000;  // a longer answer is an error
};

// libcurl's. Never through a proxy, whatever the environment says, and never along a redirection:
// the metadata service is on this host's link. One thread at a time.
[[nodiscard]] std::unique_ptr<HttpClient> make_curl_client(const HttpOptions& options = {});

}  // namespace ringmaster::stop
