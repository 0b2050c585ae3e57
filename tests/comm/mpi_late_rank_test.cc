// mpirun: 2
// A rank that does not come to a collective call for which MPI itself would wait for ever.
#include "tests/comm/mpi_suite.h"

namespace ringmaster::testing {
namespace {

void expect_a_missing_rank_is_not_waited_for(comm::MpiSession& session) {
  if (session.control().world().rank == 0) {
    try {
      (void)session.duplicate_communicator();
      ADD_FAILURE() << "rank 1 has not come";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kTimeout);
      EXPECT_THAT(error.what(), ::testing::HasSubstr("within 2 s"));
    }
  }
  session.control().barrier(test_deadline());
  // Now it comes, and MPI can end.
  if (session.control().world().rank == 1) (void)session.duplicate_communicator();
}

void expect_all_that_come_get_one(comm::MpiSession& session) {
  EXPECT_NE(session.duplicate_communicator(), session.duplicate_communicator());
}

}  // namespace
}  // namespace ringmaster::testing

int main(int argc, char** argv) {
  using namespace ringmaster::testing;
  return session_main(argc, argv, {0, 2},
                      {{"All", expect_all_that_come_get_one},
                       {"Missing", expect_a_missing_rank_is_not_waited_for}});
}
