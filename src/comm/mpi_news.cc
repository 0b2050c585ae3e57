#include "comm/mpi_news.h"

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include <mpi.h>

#include "base/check.h"
#include "base/deadline.h"
#include "comm/mpi_error.h"

namespace ringmaster::comm {
namespace {

using Clock = Deadline::Clock;

constexpr std::chrono::milliseconds kEvery{500};
constexpr std::chrono::milliseconds kFresh{1500};  // three that were told, or it does not run
constexpr std::chrono::seconds kLastWords{5};

enum class Topic : int { kWaiting, kGivingUp };

// Topic, rank (that is waited for or to blame), kind of error.
using Message = std::array<int, 3>;

struct Post {
  Message message{};
  MPI_Request request = MPI_REQUEST_NULL;
};

struct Told {
  int waits_for = -1;
  Clock::time_point when;
};

}  // namespace

struct MpiNews::State {
  MPI_Comm communicator = MPI_COMM_NULL;
  const World* world = nullptr;
  std::vector<Post> posts;  // by receiver: the one that is on its way
  std::vector<Told> told;   // by sender
  std::optional<Trouble> verdict;
  bool has_told = false, has_given_up = false;
  Clock::time_point next;

  bool done(Post& post) const {
    int flag = 0;
    check_mpi(MPI_Test(&post.request, &flag, MPI_STATUS_IGNORE), "telling who waits for whom");
    return flag != 0;
  }

  bool all_done() {
    return std::all_of(posts.begin(), posts.end(), [&](Post& post) { return done(post); });
  }

  // To everybody, but for those who have not taken the last one yet.
  void tell(const Message& message) {
    for (int rank = 0; rank < world->size; ++rank) {
      Post& post = posts[static_cast<std::size_t>(rank)];
      if (rank == world->rank || !done(post)) continue;
      post.message = message;
      check_mpi(MPI_Isend(post.message.data(), static_cast<int>(message.size()), MPI_INT, rank, 0,
                          communicator, &post.request),
                "telling who waits for whom");
    }
  }

  void listen() {
    while (true) {
      int flag = 0;
      MPI_Status status;
      check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, 0, communicator, &flag, &status), "MPI_Iprobe");
      if (flag == 0) return;
      Message message{};
      check_mpi(MPI_Recv(message.data(), static_cast<int>(message.size()), MPI_INT,
                         status.MPI_SOURCE, 0, communicator, MPI_STATUS_IGNORE),
                "MPI_Recv");
      take(message, status.MPI_SOURCE);
    }
  }

  void take(const Message& message, int from) {
    const auto& [topic, rank, kind] = message;
    RM_CHECK(rank >= -1 && rank < world->size, "news of rank ", rank);
    if (static_cast<Topic>(topic) == Topic::kWaiting) {
      told[static_cast<std::size_t>(from)] = {rank, Clock::now()};
    } else if (!verdict) {
      const auto what = static_cast<ErrorKind>(kind);
      verdict = {what, rank,
                 join_text(what == ErrorKind::kTimeout ? "did not come in time" : "is lost",
                           " (seen by ", world->name(from), ")")};
    }
  }
};

MpiNews::MpiNews(int communicator, const World& world) : state_(std::make_unique<State>()) {
  state_->communicator = MPI_Comm_f2c(communicator);
  state_->world = &world;
  state_->posts.resize(static_cast<std::size_t>(world.size));
  state_->told.resize(static_cast<std::size_t>(world.size));
}

MpiNews::~MpiNews() {
  if (!state_->all_done()) std::ignore = state_.release();  // MPI still reads the message
}

void MpiNews::waiting(int peer) {
  state_->listen();
  const auto now = Clock::now();
  if (now < state_->next) return;
  state_->next = now + kEvery;
  state_->has_told = true;
  state_->tell({static_cast<int>(Topic::kWaiting), peer, 0});
}

void MpiNews::going_on() {
  if (!state_->has_told) return;
  state_->has_told = false;
  state_->next = {};
  state_->tell({static_cast<int>(Topic::kWaiting), -1, 0});
}

void MpiNews::give_up(const Trouble& trouble) {
  state_->has_given_up = true;
  state_->tell({static_cast<int>(Topic::kGivingUp), trouble.rank, static_cast<int>(trouble.kind)});
}

std::optional<Trouble> MpiNews::verdict() const {
  return state_->verdict;
}

std::optional<int> MpiNews::waits_for(int rank) const {
  const Told& told = state_->told[static_cast<std::size_t>(rank)];
  if (told.waits_for < 0 || Clock::now() - told.when > kFresh) return std::nullopt;
  return told.waits_for;
}

bool MpiNews::finish() {
  const bool healthy = !state_->has_given_up && !state_->verdict;
  const Deadline deadline = Deadline::after(healthy ? kLastWords : std::chrono::seconds(0));
  while (!state_->all_done()) {
    if (deadline.passed()) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return true;
}

}  // namespace ringmaster::comm
