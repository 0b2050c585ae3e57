// Chooses algorithm and wires, and makes the Engine on host memory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "comm/allreduce_table.h"
#include "comm/control.h"
#include "comm/engine.h"
#include "comm/mpi_control.h"

namespace ringmaster::comm {

struct EngineOptions {
  DType dtype = DType::kFloat32;
  std::int64_t capacity_elems = 0;
  // "ring", "hierarchical", "mpi" (MPI's own), or "auto": by size, as a table says.
  std::string algorithm = "auto";
  // For "auto" of more than one rank: where its table comes from (table_files.h). Called once on
  // every rank, and must give all the same. Empty: measures one, in 1 or 2 seconds.
  std::function<AllreduceTable(const TableRequest&)> table;
  // What is sent, added and passed on at once. Smaller: the ranks wait less for each other; larger:
  // less to do per byte. 0: 256 KiB.
  std::size_t segment_bytes = 0;
  // float16 or bfloat16: what float32 elements travel as between hosts, half the bytes at the price
  // of their digits; they are added in float32. Nothing: as they are. Ranks of one host read each
  // other's memory: nothing travels there and nothing is rounded unless there are other hosts too.
  std::optional<DType> wire;
  // The longest that a rank waits for one segment of another, from when it starts to wait: includes
  // how much later the other one starts the reduction. While the engine is made, ranks wait for
  // each other as long, but 15 s at least and 120 s at most.
  double step_deadline_s = 300;
  // Told of each reduction when it is done, by whichever thread did it, before finish() returns.
  std::function<void(const Operation&)> on_reduced;
};

// Collective over `control`, with the same options on every rank (but for on_reduced). `mpi`: the
// session that `control` is of; null where the ranks are threads of one process or processes of one
// machine. Both must outlive the engine. Error{kInvalidArgument} for an unknown algorithm or a bad
// value, and whatever `table` throws; Error{kNotSupported} for one that can't serve these ranks,
// this type or this wire; Error{kIo} where memory is lacking.
[[nodiscard]] std::unique_ptr<Engine> make_engine(ControlPlane& control, MpiSession* mpi,
                                                  const EngineOptions& options);

}  // namespace ringmaster::comm
