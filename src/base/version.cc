#include "base/version.h"

namespace ringmaster {

const char* version() {
  return RINGMASTER_VERSION;
}

}  // namespace ringmaster
