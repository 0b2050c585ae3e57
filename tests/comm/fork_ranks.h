// N ranks as forked processes without mpirun, which would end them all when one dies: for tests
// that kill or stop one.
#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "comm/gather_control.h"
#include "comm/thread_control.h"

namespace ringmaster::testing {

// Where the processes meet; in memory that they share by inheritance. Texts of at most 4 KB.
struct ForkTable {
  static constexpr int kMaxRanks = 8;
  struct Slot {
    std::atomic<int> round{0};
    std::array<std::size_t, 2> size_bytes{};  // by the parity of the round
    std::array<std::array<char, 4096>, 2> text{};
  };
  std::array<Slot, kMaxRanks> slots;
  std::atomic<int> at_work{0};                            // for the test's own use
  std::array<std::array<char, 1024>, kMaxRanks> error{};  // what each rank's body threw
  std::array<std::atomic<int>, kMaxRanks> error_kind{};   // 1 + ErrorKind; 0: none
};

class ForkControl final : public comm::GatherControl {
 public:
  ForkControl(ForkTable& table, int ranks, int rank)
      : table_(table),
        world_(comm::make_world(std::vector<std::string>(static_cast<std::size_t>(ranks), "here"),
                                rank)) {}
  const comm::World& world() const override { return world_; }
  [[noreturn]] void abort(int exit_code) override { std::_Exit(exit_code); }

  // A slot's text of one parity is free again when all have come to the round in between.
  std::vector<std::string> all_gather(const std::string& text, Deadline deadline) override {
    ++round_;
    const auto parity = static_cast<std::size_t>(round_ % 2);
    ForkTable::Slot& mine = table_.slots[static_cast<std::size_t>(world_.rank)];
    RM_CHECK_LE(text.size(), mine.text[parity].size());
    std::memcpy(mine.text[parity].data(), text.data(), text.size());
    mine.size_bytes[parity] = text.size();
    mine.round.store(round_);
    std::vector<std::string> result;
    for (int rank = 0; rank < world_.size; ++rank) {
      const ForkTable::Slot& slot = table_.slots[static_cast<std::size_t>(rank)];
      while (slot.round.load() < round_) {
        RM_REQUIRE(!deadline.passed(), ErrorKind::kTimeout, world_.name(rank), " did not come");
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
      result.emplace_back(slot.text[parity].data(), slot.size_bytes[parity]);
    }
    return result;
  }

 private:
  ForkTable& table_;
  comm::World world_;
  int round_ = 0;
};

// Forks on construction; kills on destruction what has not ended by then.
class ForkedRanks {
 public:
  using Body = std::function<void(comm::ControlPlane&, ForkTable&)>;

  ForkedRanks(int ranks, const Body& body) {
    void* memory = ::mmap(nullptr, sizeof(ForkTable), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    RM_CHECK(memory != MAP_FAILED);
    table_ = new (memory) ForkTable;
    for (int rank = 0; rank < ranks; ++rank) {
      const pid_t pid = ::fork();
      RM_CHECK(pid >= 0);
      if (pid == 0) run(rank, ranks, body);
      pids_.push_back(pid);
    }
  }
  ~ForkedRanks() {
    for (pid_t& pid : pids_) {
      if (pid == 0) continue;
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    ::munmap(table_, sizeof(ForkTable));
  }
  ForkedRanks(const ForkedRanks&) = delete;
  ForkedRanks& operator=(const ForkedRanks&) = delete;

  ForkTable& table() { return *table_; }
  void signal(int rank, int number) { ::kill(pids_[static_cast<std::size_t>(rank)], number); }

  // Waits until the rank has ended by itself; false at the deadline.
  bool wait(int rank, Deadline deadline) {
    pid_t& pid = pids_[static_cast<std::size_t>(rank)];
    while (!deadline.passed()) {
      if (::waitpid(pid, nullptr, WNOHANG) == pid) {
        pid = 0;
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

 private:
  [[noreturn]] void run(int rank, int ranks, const Body& body) {
    const auto at = static_cast<std::size_t>(rank);
    try {
      ForkControl control(*table_, ranks, rank);
      body(control, *table_);
    } catch (const Error& error) {
      std::strncpy(table_->error[at].data(), error.what(), table_->error[at].size() - 1);
      table_->error_kind[at].store(1 + static_cast<int>(error.kind()));
    }
    std::_Exit(0);
  }

  ForkTable* table_ = nullptr;
  std::vector<pid_t> pids_;  // 0: has ended
};

}  // namespace ringmaster::testing
