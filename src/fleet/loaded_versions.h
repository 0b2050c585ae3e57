// Versions of the GPU libraries that a process on this host would load.
#pragma once

#include <map>
#include <string>

namespace ringmaster::fleet {

// Adds "CUDA" (the newest that the driver serves) and "NCCL" where the loader finds them: asked of
// the libraries themselves, without a header of theirs, so that every build can.
void add_loaded_versions(std::map<std::string, std::string>& versions);

}  // namespace ringmaster::fleet
