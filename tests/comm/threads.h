// N ranks as threads of the test process.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "comm/thread_control.h"

namespace ringmaster::testing {

// Runs `body(control)` once per rank, each on a thread of its own, and waits for all. A rank's
// control plane goes when its body ends. Throws the exception of the lowest rank that had one.
inline void run_ranks(const std::vector<std::string>& hosts,
                      const std::function<void(comm::ControlPlane&)>& body) {
  auto controls = comm::make_thread_controls(hosts);
  std::vector<std::exception_ptr> errors(hosts.size());
  std::vector<std::thread> threads;
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
    threads.emplace_back([&errors, &body, rank, control = std::move(controls[rank])]() mutable {
      try {
        body(*control);
      } catch (...) {
        errors[rank] = std::current_exception();
      }
      control.reset();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

inline void run_ranks(int ranks, const std::function<void(comm::ControlPlane&)>& body) {
  run_ranks(std::vector<std::string>(static_cast<std::size_t>(ranks), "here"), body);
}

}  // namespace ringmaster::testing
