// The MPI library's own allreduce, as a peer to measure the ring against.
#pragma once

#include <functional>
#include <memory>

#include "comm/control.h"
#include "comm/reducer.h"

namespace ringmaster::comm {

// float32, float64, int32 and int64; Error{kNotSupported} for others. The order of additions is the
// library's. MPI does not say who keeps a collective waiting: errors name no culprit.
// `communicator`: as MPI_Comm_c2f gives it, for this alone. `on_broken` is called where a wait
// fails.
[[nodiscard]] std::unique_ptr<Reducer> make_mpi_reducer(int communicator, const World& world,
                                                        DType type, std::int64_t capacity_elems,
                                                        std::function<void()> on_broken);

}  // namespace ringmaster::comm
