// mpirun: 1 2 3 4 5 6 7 8
// A compressed wire between ranks that are each as if on a host of their own.
#include "tests/comm/mpi_suite.h"
#include "tests/comm/wire_check.h"

int main(int argc, char** argv) {
  using namespace ringmaster::testing;
  return session_main(
      argc, argv, {1},
      {{"Wire", expect_compressed_wire_works}, {"Refused", expect_unusable_wires_are_refused}});
}
