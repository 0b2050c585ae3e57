// The MPI library's own allreduce, as a peer to measure the ring against.
#pragma once

#include <functional>
#include <memory>

#include "comm/control.h"
#include "comm/reducer.h"

namespace ringmaster::comm {

// float32, float64, int32 and int64; Error{kNotSupported} for others. The order of additions is the
// library's. MPI does not say who keeps a collective waiting: errors name no culprit.
// `communicator`: as MPI_Comm_c2f gives it, for this alone. `arena`: shared with whoever else
// reduces in it; where a wait fails MPI may still write there, so it is never freed then, and
// `on_broken` is called.
[[nodiscard]] std::unique_ptr<Reducer> make_mpi_reducer(int communicator, const World& world,
                                                        DType type,
                                                        std::shared_ptr<std::byte> arena,
                                                        std::function<void()> on_broken);
[[nodiscard]] bool mpi_can_reduce(DType type);

// Zeroed, 64-byte aligned memory of this process alone.
[[nodiscard]] std::shared_ptr<std::byte> make_private_arena(std::size_t size_bytes);

// "Open MPI v4.1.4"
[[nodiscard]] std::string mpi_library_name();

}  // namespace ringmaster::comm
