#include "tests/support/loopback_server.h"

#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

namespace ringmaster::testing {

LoopbackServer::LoopbackServer(std::string answer) : answer_(std::move(answer)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  RM_CHECK_EQ(::bind(listener_, generic, size), 0, "bind a loopback port");
  RM_CHECK_EQ(::listen(listener_, 8), 0, "listen on loopback");
  RM_CHECK_EQ(::getsockname(listener_, generic, &size), 0, "the port's number");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

LoopbackServer::~LoopbackServer() {
  ::shutdown(listener_, SHUT_RDWR);  // ends accept()
  thread_.join();
  ::close(listener_);
}

std::string LoopbackServer::url() const {
  return join_text("http://127.0.0.1:", port_);
}

void LoopbackServer::serve() {
  std::vector<int> silent;
  for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
    if (answer_.empty()) {
      silent.push_back(client);
      continue;
    }
    char buffer[4096];
    const auto got = ::read(client, buffer, sizeof buffer);
    last_request_.assign(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
    ++requests_;
    [[maybe_unused]] const auto sent = ::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    ::close(client);
  }
  for (const int client : silent) ::close(client);
}

}  // namespace ringmaster::testing
