// MPI's error codes as Errors.
#pragma once

#include <string>

namespace ringmaster::comm {

// Returns where `code` is MPI_SUCCESS. Otherwise throws Error{kPeerLost}, with MPI's text after
// `what`: with healthy peers and correct calls, MPI returns no errors.
void check_mpi(int code, const std::string& what);

}  // namespace ringmaster::comm
