// Where a table of allreduces is kept, so that it is measured once per cluster shape and a resumed
// run takes the one that it began with.
#pragma once

#include <string>

#include "base/file.h"
#include "comm/allreduce_table.h"

namespace ringmaster::comm {

// Paths; empty: not used. What they hold is read and written by rank 0 alone.
struct TableFiles {
  std::string pinned;  // must exist and be of this world's shape: its choices are taken as they are
  std::string run;     // this run's: taken where its shape is this world's, else replaced
  std::string cache;   // of all runs: a folder with a file per (shape, machine)
};

// $XDG_CACHE_HOME/ringmaster/allreduce, or ~/.cache/ringmaster/allreduce; empty where neither is
// set.
[[nodiscard]] std::string default_table_cache();

struct FoundTable {
  AllreduceTable table;
  std::string origin;  // for the log: "read from FILE", "measured", ...
};

// Collective; the same table on every rank. It is measured where no file has one. A new one goes
// into the cache, and the one that is taken into the run's file. Trouble with the cache is said in
// `origin` (on rank 0) and it does without; all other trouble with files is an error on rank 0.
[[nodiscard]] FoundTable find_table(ControlPlane& control, FileSystem& files,
                                    const TableFiles& paths, const TableRequest& request,
                                    Deadline deadline);

}  // namespace ringmaster::comm
