// mpirun: 2 3 5
// Every rank as if on a host of its own: all segments go through MPI.
#include "tests/comm/mpi_suite.h"

int main(int argc, char** argv) {
  return ringmaster::testing::mpi_suite_main(
      argc, argv, {1}, [](ringmaster::comm::MpiSession& session) {
        const ringmaster::comm::World& world = session.control().world();
        EXPECT_EQ(world.local_size, 1);
        EXPECT_EQ(world.local_rank, 0);
        const auto engine = make_engine(
            session.control(), &session,
            ringmaster::testing::tiny_segments(ringmaster::comm::DType::kFloat32, "ring"));
        EXPECT_THAT(engine->describe(), ::testing::HasSubstr("MPI between them"));
      });
}
