// mpirun: 1 2 3 4 8
// All ranks on this machine, as mpirun starts them: shared memory between processes.
#include "tests/comm/mpi_suite.h"

int main(int argc, char** argv) {
  return ringmaster::testing::mpi_suite_main(
      argc, argv, {}, [](ringmaster::comm::MpiSession& session) {
        const ringmaster::comm::World& world = session.control().world();
        EXPECT_EQ(world.local_size, world.size);
        EXPECT_EQ(world.local_rank, world.rank);
        EXPECT_THAT(world.hosts, ::testing::Each(world.host()));
        EXPECT_FALSE(world.host().empty());
      });
}
