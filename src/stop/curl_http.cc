#include <curl/curl.h>

#include "base/check.h"
#include "stop/http.h"

namespace ringmaster::stop {
namespace {

struct Body {
  std::string text;
  std::size_t limit_bytes = 0;
};

// CURLOPT_WRITEFUNCTION: anything but the number of bytes given ends the transfer.
std::size_t append(const char* data, std::size_t size, std::size_t count, void* target) {
  Body& body = *static_cast<Body*>(target);
  const std::size_t bytes = size * count;
  if (body.text.size() + bytes > body.limit_bytes) return 0;
  body.text.append(data, bytes);
  return bytes;
}

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(const HttpOptions& options) : options_(options), curl_(curl_easy_init()) {
    RM_REQUIRE(curl_ != nullptr, ErrorKind::kIo, "libcurl can't be initialised");
  }
  ~CurlClient() override { curl_easy_cleanup(curl_); }
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  HttpReply send(const HttpRequest& request) override {
    Body body{{}, options_.limit_bytes};
    curl_slist* headers = nullptr;
    for (const std::string& header : request.headers)
      headers = curl_slist_append(headers, header.c_str());
    prepare(request, headers, body);
    const CURLcode code = curl_easy_perform(curl_);
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    RM_REQUIRE(code != CURLE_WRITE_ERROR, ErrorKind::kIo, request.method, " ", request.url,
               ": the answer is longer than ", options_.limit_bytes, " bytes");
    RM_REQUIRE(code == CURLE_OK, ErrorKind::kIo, request.method, " ", request.url, ": ",
               curl_easy_strerror(code));
    return {static_cast<int>(status), std::move(body.text)};
  }

 private:
  void prepare(const HttpRequest& request, curl_slist* headers, Body& body) {
    curl_easy_reset(curl_);  // keeps the connection
    curl_easy_setopt(curl_, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &append);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, options_.timeout_ms);
    curl_easy_setopt(curl_, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);  // other threads take the signals
  }

  const HttpOptions options_;
  CURL* const curl_;
};

}  // namespace

std::unique_ptr<HttpClient> make_curl_client(const HttpOptions& options) {
  return std::make_unique<CurlClient>(options);
}

}  // namespace ringmaster::stop
