// What each rank wanted to end with, for launch scripts: a launcher tells one code for all ranks,
// and where it ends the others after the first has left (srun --kill-on-bad-exit), that is often
// the one of those that it killed.
#pragma once

namespace ringmaster::app {

// Writes `code` into the file named by this process's rank in the folder that the environment
// variable RINGMASTER_EXIT_CODES names, if it does, and returns `code`. Where that fails it says so
// on standard error: the process is about to end, and its code stays the same.
int record_exit_code(int code);

// This process's rank as its launcher says it, "0" for one that is alone. Needs no MPI.
[[nodiscard]] const char* launched_rank();

}  // namespace ringmaster::app
