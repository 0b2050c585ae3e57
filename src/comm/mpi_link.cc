#include "comm/mpi_link.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include <mpi.h>

#include "base/check.h"
#include "comm/mpi_error.h"
#include "comm/vector_add.h"

namespace ringmaster::comm {
namespace {

using Buffer = std::vector<std::byte>;

struct Send {
  Segment segment;
  MPI_Request request = MPI_REQUEST_NULL;
  Buffer staging;  // what was rounded; the others go straight out of the arena
};

struct Receive {
  Segment segment;
  ActionKind kind = ActionKind::kReceiveCopy;
  bool posted = false;
  MPI_Request request = MPI_REQUEST_NULL;
  Buffer staging;  // what is to be added or widened; the others go straight into the arena
};

bool is_done(MPI_Request& request, int peer) {
  int flag = 0;
  check_mpi(MPI_Test(&request, &flag, MPI_STATUS_IGNORE), join_text("talking to rank ", peer));
  return flag != 0;
}

bool overlap(const Segment& a, const Segment& b) {
  return a.offset_bytes < b.offset_bytes + b.size_bytes &&
         b.offset_bytes < a.offset_bytes + a.size_bytes;
}

bool same(const Segment& a, const Segment& b) {
  return a.peer == b.peer && a.offset_bytes == b.offset_bytes && a.size_bytes == b.size_bytes &&
         a.reduction == b.reduction && a.step == b.step && a.segment == b.segment &&
         a.exact == b.exact;
}

// Messages of a pair are sent and received in the same order, so any tag would do; this one makes
// ranks that have come apart stop at once instead of adding the wrong segments.
int tag_of(const Segment& segment) {
  constexpr std::int64_t kTags = 32768;  // what MPI guarantees
  return static_cast<int>((segment.reduction * 4099 + segment.step * 257 + segment.segment) %
                          kTags);
}

}  // namespace

struct MpiLink::State {
  MPI_Comm communicator = MPI_COMM_NULL;
  std::byte* arena = nullptr;
  VectorKernels kernels{};
  std::optional<WireKernels> wire;
  std::size_t element_bytes = 1;
  std::deque<Send> sends;
  std::deque<Receive> receives;  // as expected
  std::vector<Buffer> spare;     // staging buffers not in use

  bool is_rounded(const Segment& segment) const { return wire && !segment.exact; }
  std::int64_t count_elems(const Segment& segment) const {
    return static_cast<std::int64_t>(segment.size_bytes / element_bytes);
  }
  std::size_t message_bytes(const Segment& segment) const {
    const std::size_t bytes = is_rounded(segment) ? segment.size_bytes / 2 : segment.size_bytes;
    RM_CHECK_LE(bytes, static_cast<std::size_t>(INT_MAX), "segment");
    return bytes;
  }

  Buffer take_buffer(std::size_t bytes) {
    Buffer buffer;
    if (!spare.empty()) {
      buffer = std::move(spare.back());
      spare.pop_back();
    }
    buffer.resize(std::max(buffer.size(), bytes));
    return buffer;
  }
  void give_back(Buffer& buffer) {
    if (!buffer.empty()) spare.push_back(std::move(buffer));
  }

  // Whether an unfinished send still reads what `segment` would overwrite.
  bool is_being_sent(const Segment& segment) {
    return std::any_of(sends.begin(), sends.end(), [&](Send& send) {
      return send.staging.empty() && overlap(send.segment, segment) &&
             !is_done(send.request, send.segment.peer);
    });
  }

  // Posts the expected receives, in order, as far as possible.
  void post() {
    for (Receive& receive : receives) {
      if (receive.posted) continue;
      if (goes_into_arena(receive) && is_being_sent(receive.segment)) return;
      post(receive);
    }
  }

  bool goes_into_arena(const Receive& receive) const {
    return receive.kind == ActionKind::kReceiveCopy && !is_rounded(receive.segment);
  }

  void post(Receive& receive) {
    const std::size_t bytes = message_bytes(receive.segment);
    std::byte* to = arena + receive.segment.offset_bytes;
    if (!goes_into_arena(receive)) {
      receive.staging = take_buffer(bytes);
      to = receive.staging.data();
    }
    check_mpi(MPI_Irecv(to, static_cast<int>(bytes), MPI_BYTE, receive.segment.peer,
                        tag_of(receive.segment), communicator, &receive.request),
              join_text("receiving from rank ", receive.segment.peer));
    receive.posted = true;
  }

  void apply(const Receive& receive, double scale) const {
    if (is_rounded(receive.segment)) return apply_rounded(receive, scale);
    std::byte* to = arena + receive.segment.offset_bytes;
    const std::int64_t count = count_elems(receive.segment);
    if (receive.kind == ActionKind::kReceiveAdd) {
      kernels.add(to, receive.staging.data(), count);
    } else if (receive.kind == ActionKind::kReceiveAddScale) {
      kernels.add_scale(to, receive.staging.data(), count, scale);
    }
  }

  void apply_rounded(const Receive& receive, double scale) const {
    auto* to = reinterpret_cast<float*>(arena + receive.segment.offset_bytes);
    const std::int64_t count = count_elems(receive.segment);
    if (receive.kind == ActionKind::kReceiveAdd) {
      wire->add(to, receive.staging.data(), count);
    } else if (receive.kind == ActionKind::kReceiveAddScale) {
      wire->add_scale(to, receive.staging.data(), count, scale);
    } else {
      wire->widen(to, receive.staging.data(), count);
    }
  }
};

MpiLink::MpiLink(int communicator, std::byte* arena, DType type, std::optional<DType> wire)
    : state_(std::make_unique<State>()) {
  state_->communicator = MPI_Comm_f2c(communicator);
  state_->arena = arena;
  state_->kernels = vector_kernels(type);
  state_->element_bytes = comm::size_bytes(type);
  RM_CHECK(!wire || type == DType::kFloat32, "a compressed wire is for float32");
  if (wire) state_->wire = wire_kernels(*wire);
}

MpiLink::~MpiLink() {
  if (!idle()) std::ignore = state_.release();  // MPI may still use the staging buffers
}

void MpiLink::send(const Segment& segment) {
  Send& send = state_->sends.emplace_back();
  send.segment = segment;
  const std::size_t bytes = state_->message_bytes(segment);
  const std::byte* from = state_->arena + segment.offset_bytes;
  if (state_->is_rounded(segment)) {
    send.staging = state_->take_buffer(bytes);
    state_->wire->narrow(send.staging.data(), reinterpret_cast<const float*>(from),
                         state_->count_elems(segment));
    from = send.staging.data();
  }
  check_mpi(MPI_Isend(from, static_cast<int>(bytes), MPI_BYTE, segment.peer, tag_of(segment),
                      state_->communicator, &send.request),
            join_text("sending to rank ", segment.peer));
}

void MpiLink::expect(const Segment& segment, ActionKind kind) {
  Receive& receive = state_->receives.emplace_back();
  receive.segment = segment;
  receive.kind = kind;
  state_->post();
}

bool MpiLink::try_receive(const Segment& segment, ActionKind kind, double scale) {
  RM_CHECK(!state_->receives.empty(), "a receive that was not expected");
  Receive& receive = state_->receives.front();
  RM_CHECK(same(receive.segment, segment) && receive.kind == kind, "receives out of order");
  state_->post();
  progress();
  if (!receive.posted || !is_done(receive.request, segment.peer)) return false;
  state_->apply(receive, scale);
  state_->give_back(receive.staging);
  state_->receives.pop_front();
  return true;
}

void MpiLink::progress() {
  std::deque<Send>& sends = state_->sends;
  while (!sends.empty() && is_done(sends.front().request, sends.front().segment.peer)) {
    state_->give_back(sends.front().staging);
    sends.pop_front();
  }
}

std::optional<int> MpiLink::unflushed_peer() {
  progress();
  if (state_->sends.empty()) return std::nullopt;
  return state_->sends.front().segment.peer;
}

bool MpiLink::idle() const {
  return state_->sends.empty() && state_->receives.empty();
}

}  // namespace ringmaster::comm
