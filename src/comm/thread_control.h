// Ranks as threads of one process: how most tests run many ranks, and how a program runs as one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "comm/control.h"

namespace ringmaster::comm {

// One control plane per rank, for as many threads; each may be used by one thread at a time, and
// outlive the others. `hosts`: a name per rank, from which local ranks follow; equal names must
// mean the same host. A rank whose control plane is destroyed while others wait for it is
// Error{kPeerLost} there; after an error every later call on any of them fails in the same way.
[[nodiscard]] std::vector<std::unique_ptr<ControlPlane>> make_thread_controls(
    const std::vector<std::string>& hosts);
// `ranks` of them on this host.
[[nodiscard]] std::vector<std::unique_ptr<ControlPlane>> make_thread_controls(int ranks);
// A world of one rank, on this host.
[[nodiscard]] std::unique_ptr<ControlPlane> make_single_control();

// The table of `rank` in a world whose ranks are on `hosts`.
[[nodiscard]] World make_world(const std::vector<std::string>& hosts, int rank);
// This machine's name, as gethostname() has it.
[[nodiscard]] std::string this_host();

}  // namespace ringmaster::comm
