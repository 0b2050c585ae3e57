#include "comm/mpi_error.h"

#include <array>

#include <mpi.h>

#include "base/check.h"

namespace ringmaster::comm {

void check_mpi(int code, const std::string& what) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw Error(ErrorKind::kPeerLost,
              join_text(what, ": ", text.data(),
                        " (a peer or the network is gone; the run can be started again)"));
}

}  // namespace ringmaster::comm
