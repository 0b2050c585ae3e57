// What a build without CUDA has instead of nccl_engine.cc.
#include "base/check.h"
#include "comm/nccl_engine.h"

namespace ringmaster::comm {

std::string why_no_nccl() {
  return "this build has no CUDA: install the CUDA 13 toolkit, run ami/install.sh --flavour cuda13 "
         "and build again with launch/build.sh -DRINGMASTER_CUDA=ON";
}

std::unique_ptr<Engine> make_nccl_engine(ControlPlane& control,
                                         const NcclEngineOptions& /*options*/) {
  const World& world = control.world();
  throw Error(ErrorKind::kNotSupported, join_text(world.name(world.rank), ": ", why_no_nccl()));
}

}  // namespace ringmaster::comm
