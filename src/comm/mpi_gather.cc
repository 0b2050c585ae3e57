#include "comm/mpi_gather.h"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include <mpi.h>

#include "base/check.h"
#include "base/seconds.h"
#include "comm/mpi_error.h"
#include "comm/mpi_poll.h"

namespace ringmaster::comm {
namespace {

// The others give rank 0 so much longer: its message says who has not come.
constexpr double kGraceSeconds = 2;
constexpr int kTags = 16384;  // MPI guarantees 32767

// A message on its way out. Where it is abandoned its text has to stay for MPI: it is leaked, once,
// before the process ends.
class Outgoing {
 public:
  Outgoing(MPI_Comm communicator, int to, int tag, std::string text)
      : text_(std::make_unique<std::string>(std::move(text))) {
    RM_CHECK_LE(text_->size(), static_cast<std::size_t>(INT32_MAX), "control plane message");
    check_mpi(MPI_Isend(text_->data(), static_cast<int>(text_->size()), MPI_CHAR, to, tag,
                        communicator, &request_),
              "MPI_Isend");
  }
  ~Outgoing() {
    if (!done()) std::ignore = text_.release();
  }
  Outgoing(Outgoing&& other) noexcept
      : text_(std::move(other.text_)), request_(std::exchange(other.request_, MPI_REQUEST_NULL)) {}
  Outgoing& operator=(Outgoing&&) = delete;

  bool done() {
    int flag = 0;
    return MPI_Test(&request_, &flag, MPI_STATUS_IGNORE) == MPI_SUCCESS && flag != 0;
  }

 private:
  std::unique_ptr<std::string> text_;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

// A message on its way in: tries to match, then to complete it.
class Incoming {
 public:
  Incoming(MPI_Comm communicator, int from, int tag)
      : communicator_(communicator), from_(from), tag_(tag) {}
  ~Incoming() {
    if (matched_ && !complete_) std::ignore = text_.release();  // as in Outgoing
  }
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;

  bool arrived() {
    if (!matched_) match();
    if (!matched_ || complete_) return complete_;
    int flag = 0;
    check_mpi(MPI_Test(&request_, &flag, MPI_STATUS_IGNORE), "receiving in the control plane");
    complete_ = flag != 0;
    return complete_;
  }
  std::string take() { return std::move(*text_); }

 private:
  void match() {
    int flag = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    check_mpi(MPI_Improbe(from_, tag_, communicator_, &flag, &message, &status), "MPI_Improbe");
    if (flag == 0) return;
    int size = 0;
    check_mpi(MPI_Get_count(&status, MPI_CHAR, &size), "MPI_Get_count");
    text_ = std::make_unique<std::string>(static_cast<std::size_t>(size), '\0');
    check_mpi(MPI_Imrecv(text_->data(), size, MPI_CHAR, &message, &request_), "MPI_Imrecv");
    matched_ = true;
  }

  MPI_Comm communicator_;
  int from_, tag_;
  bool matched_ = false, complete_ = false;
  std::unique_ptr<std::string> text_;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

void append_number(std::string& out, std::uint64_t value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
std::uint64_t take_number(const std::string& in, std::size_t& at) {
  std::uint64_t value = 0;
  RM_CHECK_LE(at + sizeof value, in.size(), "control plane message");
  std::memcpy(&value, in.data() + at, sizeof value);
  at += sizeof value;
  return value;
}

// Rank 0's answer: the number of ranks missing, then their numbers, or 0 and everybody's text.
std::string pack_texts(const std::vector<std::string>& texts) {
  std::string out;
  append_number(out, 0);
  for (const std::string& text : texts) {
    append_number(out, text.size());
    out += text;
  }
  return out;
}
std::string pack_missing(const std::vector<int>& ranks) {
  std::string out;
  append_number(out, ranks.size());
  for (const int rank : ranks) append_number(out, static_cast<std::uint64_t>(rank));
  return out;
}

[[noreturn]] void throw_missing(const World& world, const std::vector<int>& ranks) {
  constexpr std::size_t kNamed = 8;
  std::string names;
  for (std::size_t i = 0; i < ranks.size() && i < kNamed; ++i) {
    names += (i == 0 ? "" : ", ") + world.name(ranks[i]);
  }
  if (ranks.size() > kNamed) names += join_text(" and ", ranks.size() - kNamed, " more");
  throw Error(
      ErrorKind::kTimeout,
      names + " did not come to a collective call of the control plane before its deadline");
}

std::vector<std::string> unpack_texts(const std::string& message, const World& world) {
  std::size_t at = 0;
  const std::uint64_t missing = take_number(message, at);
  std::vector<int> ranks;
  for (std::uint64_t i = 0; i < missing; ++i) {
    ranks.push_back(static_cast<int>(take_number(message, at)));
  }
  if (missing > 0) throw_missing(world, ranks);
  std::vector<std::string> texts(static_cast<std::size_t>(world.size));
  for (std::string& text : texts) {
    const std::uint64_t size = take_number(message, at);
    RM_CHECK_LE(size, message.size() - at, "control plane message");
    text = message.substr(at, size);
    at += size;
  }
  return texts;
}

Deadline with_grace(Deadline deadline) {
  if (deadline.at() == Deadline::Clock::time_point::max()) return deadline;
  return deadline_in(deadline.seconds_left() + kGraceSeconds);
}

}  // namespace

MpiControl::MpiControl(int communicator, World world, std::function<void()> on_broken)
    : communicator_(communicator), world_(std::move(world)), on_broken_(std::move(on_broken)) {}

std::vector<std::string> MpiControl::collect(const std::string& text, Deadline deadline) {
  const MPI_Comm communicator = MPI_Comm_f2c(communicator_);
  std::vector<std::optional<Incoming>> incoming(static_cast<std::size_t>(world_.size));
  std::vector<bool> came(incoming.size(), false);
  for (int rank = 1; rank < world_.size; ++rank) {
    incoming[static_cast<std::size_t>(rank)].emplace(communicator, rank, 2 * round_);
  }
  std::size_t here = 1;
  poll_until(deadline, [&] {
    for (std::size_t rank = 1; rank < incoming.size(); ++rank) {
      if (came[rank] || !incoming[rank]->arrived()) continue;
      came[rank] = true;
      ++here;
    }
    return here == incoming.size();
  });
  std::vector<std::string> texts(incoming.size());
  std::vector<int> missing;
  texts[0] = text;
  for (std::size_t rank = 1; rank < incoming.size(); ++rank) {
    if (came[rank]) texts[rank] = incoming[rank]->take();
    if (!came[rank]) missing.push_back(static_cast<int>(rank));
  }
  spread(missing.empty() ? pack_texts(texts) : pack_missing(missing), came, with_grace(deadline));
  if (!missing.empty()) {
    on_broken_();
    throw_missing(world_, missing);
  }
  return texts;
}

void MpiControl::spread(const std::string& message, const std::vector<bool>& to,
                        Deadline deadline) {
  std::vector<Outgoing> outgoing;
  std::vector<int> ranks;
  for (int rank = 1; rank < world_.size; ++rank) {
    if (!to[static_cast<std::size_t>(rank)]) continue;
    outgoing.emplace_back(MPI_Comm_f2c(communicator_), rank, 2 * round_ + 1, message);
    ranks.push_back(rank);
  }
  std::size_t sent = 0;
  const bool in_time = poll_until(deadline, [&] {
    while (sent < outgoing.size() && outgoing[sent].done()) ++sent;
    return sent == outgoing.size();
  });
  if (in_time) return;
  on_broken_();
  throw_missing(world_, {ranks[sent]});
}

std::vector<std::string> MpiControl::all_gather(const std::string& text, Deadline deadline) {
  if (world_.size == 1) return {text};
  round_ = (round_ + 1) % kTags;
  if (world_.rank == 0) return collect(text, deadline);
  const MPI_Comm communicator = MPI_Comm_f2c(communicator_);
  Outgoing mine(communicator, 0, 2 * round_, text);
  Incoming answer(communicator, 0, 2 * round_ + 1);
  if (!poll_until(with_grace(deadline), [&] { return answer.arrived(); })) {
    on_broken_();
    throw_missing(world_, {0});
  }
  return unpack_texts(answer.take(), world_);
}

void MpiControl::abort(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace ringmaster::comm
