// A process that its launcher started as one of several, but that MPI sees alone.
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include "base/error.h"
#include "comm/mpi_control.h"

namespace ringmaster::comm {
namespace {

[[noreturn]] void start_and_report(const char* variable, const char* value) {
  ::setenv(variable, value, 1);
  try {
    const MpiSession session;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::_Exit(exit_code(error.kind()));
  }
  std::_Exit(0);
}

TEST(MpiSession, OneOfSeveralThatIsAloneIsToldWhatToDo) {
  EXPECT_EXIT(start_and_report("SLURM_NTASKS", "4"), ::testing::ExitedWithCode(2),
              "SLURM_NTASKS=4.*srun --mpi=pmix");
  EXPECT_EXIT(start_and_report("SLURM_NTASKS", "1"), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace ringmaster::comm
