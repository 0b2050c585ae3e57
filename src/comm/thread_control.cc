#include "comm/thread_control.h"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>

#include <unistd.h>

#include "base/check.h"
#include "comm/gather_control.h"

namespace ringmaster::comm {
namespace {

// Where the threads meet: the last one to bring its text takes all of them out for everybody.
class MeetingPlace {
 public:
  explicit MeetingPlace(std::size_t ranks) : texts_(ranks), here_(ranks), gone_(ranks) {}

  std::vector<std::string> meet(const World& world, const std::string& text, Deadline deadline) {
    std::unique_lock lock(mutex_);
    if (failure_) throw Error(*failure_);
    const auto me = static_cast<std::size_t>(world.rank);
    texts_[me] = text;
    here_[me] = true;
    const std::uint64_t round = round_;
    if (missing() == here_.size()) {
      result_ = std::make_shared<std::vector<std::string>>(std::move(texts_));
      texts_.assign(here_.size(), {});
      here_.assign(here_.size(), false);
      ++round_;
      changed_.notify_all();
    }
    while (round_ == round && !failure_) wait(lock, world, deadline);
    if (round_ == round) throw Error(*failure_);
    return *result_;
  }

  void leave(int rank) {
    const std::lock_guard lock(mutex_);
    gone_[static_cast<std::size_t>(rank)] = true;
    changed_.notify_all();
  }

 private:
  // The first rank that is not here; their number if all are.
  std::size_t missing() const {
    std::size_t rank = 0;
    while (rank < here_.size() && here_[rank]) ++rank;
    return rank;
  }

  void wait(std::unique_lock<std::mutex>& lock, const World& world, Deadline deadline) {
    const std::size_t absent = missing();
    const std::string name = world.name(static_cast<int>(absent));
    if (gone_[absent]) {
      fail(ErrorKind::kPeerLost, join_text(name, " has left while others wait for it"));
    } else if (deadline.passed()) {
      fail(ErrorKind::kTimeout, join_text(name, " did not come before the deadline"));
    } else if (deadline.at() == Deadline::Clock::time_point::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, deadline.at());
    }
  }

  void fail(ErrorKind kind, const std::string& message) {
    failure_.emplace(kind, message);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
  std::vector<bool> here_, gone_;
  std::uint64_t round_ = 0;
  std::shared_ptr<const std::vector<std::string>> result_;
  std::optional<Error> failure_;
};

class ThreadControl final : public GatherControl {
 public:
  ThreadControl(std::shared_ptr<MeetingPlace> place, World world)
      : place_(std::move(place)), world_(std::move(world)) {}
  ~ThreadControl() override { place_->leave(world_.rank); }
  ThreadControl(const ThreadControl&) = delete;
  ThreadControl& operator=(const ThreadControl&) = delete;

  const World& world() const override { return world_; }
  std::vector<std::string> all_gather(const std::string& text, Deadline deadline) override {
    return place_->meet(world_, text, deadline);
  }
  void abort(int exit_code) override { std::_Exit(exit_code); }

 private:
  std::shared_ptr<MeetingPlace> place_;
  World world_;
};

}  // namespace

World make_world(const std::vector<std::string>& hosts, int rank) {
  RM_CHECK(rank >= 0 && static_cast<std::size_t>(rank) < hosts.size());
  World world;
  world.rank = rank;
  world.size = static_cast<int>(hosts.size());
  world.hosts = hosts;
  world.local_size = 0;
  for (int other = 0; other < world.size; ++other) {
    if (hosts[static_cast<std::size_t>(other)] != world.host()) continue;
    if (other == rank) world.local_rank = world.local_size;
    ++world.local_size;
  }
  return world;
}

std::string this_host() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) throw io_error("gethostname", errno);
  return name.data();
}

std::vector<std::unique_ptr<ControlPlane>> make_thread_controls(
    const std::vector<std::string>& hosts) {
  const auto place = std::make_shared<MeetingPlace>(hosts.size());
  std::vector<std::unique_ptr<ControlPlane>> controls;
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
    controls.push_back(
        std::make_unique<ThreadControl>(place, make_world(hosts, static_cast<int>(rank))));
  }
  return controls;
}

std::vector<std::unique_ptr<ControlPlane>> make_thread_controls(int ranks) {
  return make_thread_controls(
      std::vector<std::string>(static_cast<std::size_t>(ranks), this_host()));
}

std::unique_ptr<ControlPlane> make_single_control() {
  return std::move(make_thread_controls(1).front());
}

}  // namespace ringmaster::comm
