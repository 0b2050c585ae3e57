// mpirun: 3 4 5 8
// Two ranks a host, and one left over where their number is odd: shared memory within, MPI between.
#include "tests/comm/mpi_suite.h"

int main(int argc, char** argv) {
  return ringmaster::testing::mpi_suite_main(
      argc, argv, {2}, [](ringmaster::comm::MpiSession& session) {
        const ringmaster::comm::World& world = session.control().world();
        EXPECT_EQ(world.local_rank, world.rank % 2);
        const bool left_over = world.size % 2 == 1 && world.rank == world.size - 1;
        EXPECT_EQ(world.local_size, left_over ? 1 : 2);
      });
}
