#include "comm/mpi_control.h"

#include <atomic>
#include <cstdlib>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <mpi.h>

#include "base/check.h"
#include "comm/mpi_error.h"
#include "comm/mpi_gather.h"
#include "comm/mpi_poll.h"
#include "comm/thread_control.h"

namespace ringmaster::comm {
namespace {

// OpenMPI sends a message up to this size at once; a larger one waits for the receiver to answer,
// which cost a segment as much time as its bytes (2 hosts, 1 Gbit/s). So: a segment and its header.
constexpr const char* kEagerLimit = "OMPI_MCA_btl_tcp_eager_limit";
constexpr const char* kEagerBytes = "278528";

void start_mpi() {
  int initialized = 0;
  MPI_Initialized(&initialized);
  RM_CHECK(initialized == 0, "only one MpiSession per process");
  ::setenv(kEagerLimit, kEagerBytes, 0);  // mpirun's --mca comes first: it sets this variable
  int provided = 0;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  RM_REQUIRE(provided >= MPI_THREAD_MULTIPLE, ErrorKind::kNotSupported,
             "this MPI library was built without MPI_THREAD_MULTIPLE, which the communication "
             "thread needs: install one that has it (Debian's OpenMPI does)");
}

// A rank that believes to be alone while its launcher started several would train N times the same.
void require_no_lost_siblings(int size) {
  if (size > 1) return;
  for (const char* variable : {"SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || std::atoi(value) <= 1) continue;
    throw Error(
        ErrorKind::kInvalidArgument,
        join_text(variable, "=", value,
                  " says that this process is one of several, but MPI sees only one: launcher and "
                  "MPI library don't speak to each other. Under Slurm use `srun --mpi=pmix` (see "
                  "`srun --mpi=list`) or `mpirun` inside the job; else use the mpirun of the MPI "
                  "library that this program is linked with"));
  }
}

// The lowest rank on this one's host.
int first_rank_here(int rank) {
  MPI_Comm local = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &local),
            "MPI_Comm_split_type");
  int first = rank;
  check_mpi(MPI_Bcast(&first, 1, MPI_INT, 0, local), "MPI_Bcast");
  check_mpi(MPI_Comm_free(&local), "MPI_Comm_free");
  return first;
}

// As MPI_Comm_dup, which would wait for a rank that stands still for ever. MPI_COMM_NULL: too late.
MPI_Comm duplicate_world(Deadline deadline) {
  auto communicator = std::make_unique<MPI_Comm>(MPI_COMM_NULL);
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Comm_idup(MPI_COMM_WORLD, communicator.get(), &request), "MPI_Comm_idup");
  const bool all_came = poll_until(deadline, [&] {
    int flag = 0;
    check_mpi(MPI_Test(&request, &flag, MPI_STATUS_IGNORE), "MPI_Comm_idup");
    return flag != 0;
  });
  if (all_came) return *communicator;
  std::ignore = communicator.release();  // MPI still writes there
  return MPI_COMM_NULL;
}

// A name per rank, equal where the hosts are. `places`: "FIRST_RANK NAME" by rank.
std::vector<std::string> name_hosts(const std::vector<std::string>& places) {
  std::map<std::string, std::string>
      first_of_name;  // name -> the first rank of the host that has it
  std::vector<std::string> hosts;
  for (const std::string& place : places) {
    const std::size_t space = place.find(' ');
    const std::string first = place.substr(0, space);
    const std::string name = place.substr(space + 1);
    const std::string& owner = first_of_name.emplace(name, first).first->second;
    hosts.push_back(owner == first ? name : name + "#" + first);
  }
  return hosts;
}

std::vector<std::string> split_hosts(std::vector<std::string> hosts, int ranks_per_host) {
  std::map<std::string, int> seen;
  for (std::string& host : hosts) host += join_text("#", seen[host]++ / ranks_per_host);
  return hosts;
}

}  // namespace

struct MpiSession::State {
  std::vector<MPI_Comm> communicators;
  std::chrono::duration<double> start_s{};
  std::atomic<bool> broken{false};
  std::unique_ptr<MpiControl> control;
};

MpiSession::MpiSession(const MpiOptions& options) : state_(std::make_unique<State>()) {
  state_->start_s = std::chrono::duration<double>(options.start_s);
  start_mpi();
  int rank = 0, size = 1;
  check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size");
  require_no_lost_siblings(size);
  const int first = first_rank_here(rank);
  const std::vector<std::string> unnamed(static_cast<std::size_t>(size), "?");
  state_->control = std::make_unique<MpiControl>(
      duplicate_communicator(), make_world(unnamed, rank), [this] { mark_broken(); });
  std::vector<std::string> hosts = name_hosts(state_->control->all_gather(
      join_text(first, ' ', this_host()), Deadline::after(state_->start_s)));
  if (options.ranks_per_host > 0) hosts = split_hosts(std::move(hosts), options.ranks_per_host);
  state_->control->set_world(make_world(hosts, rank));
}

MpiSession::~MpiSession() {
  if (state_->broken) return;
  for (MPI_Comm& communicator : state_->communicators) MPI_Comm_free(&communicator);
  MPI_Finalize();
}

ControlPlane& MpiSession::control() {
  return *state_->control;
}

int MpiSession::duplicate_communicator() {
  const MPI_Comm communicator = duplicate_world(Deadline::after(state_->start_s));
  RM_REQUIRE(communicator != MPI_COMM_NULL, ErrorKind::kTimeout,
             "not all ranks came to make a communicator within ", state_->start_s.count(),
             " s. Look into their logs, then start the run again: it resumes");
  MPI_Comm_set_errhandler(communicator, MPI_ERRORS_RETURN);
  state_->communicators.push_back(communicator);
  return MPI_Comm_c2f(communicator);
}

void MpiSession::mark_broken() {
  state_->broken = true;
}

}  // namespace ringmaster::comm
