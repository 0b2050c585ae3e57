// The release, as CMakeLists.txt names it.
#pragma once

namespace ringmaster {

[[nodiscard]] const char* version();  // "0.1.0"

}  // namespace ringmaster
