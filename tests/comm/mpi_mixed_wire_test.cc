// mpirun: 2 3 4 8
// A compressed wire between hosts of two ranks (2: there is none), where sums also pass through
// shared memory, in full.
#include "tests/comm/mpi_suite.h"
#include "tests/comm/wire_check.h"

int main(int argc, char** argv) {
  using namespace ringmaster::testing;
  return session_main(argc, argv, {2}, {{"Wire", expect_compressed_wire_works}});
}
