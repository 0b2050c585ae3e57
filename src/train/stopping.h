// What asks a run to stop beside signals, and how its ranks agree on it.
#pragma once

#include <memory>

#include "base/deadline.h"
#include "base/log.h"
#include "comm/control.h"
#include "stop/spot_watch.h"
#include "stop/stop_flag.h"
#include "train/options.h"

namespace ringmaster::train {

// Watches the end of the allocation on every rank, and EC2's notices on one rank of a host where
// the options or the machine ask for it; both end in `stop`. Says in `log` what it watches.
class StopSources {
 public:
  // `stop` and `log` must outlive it. Error{kInvalidArgument} names the key or variable.
  StopSources(const TrainOptions& options, const comm::World& world, stop::StopFlag& stop,
              Logger& log);

 private:
  std::unique_ptr<stop::SpotWatch> spot_;
};

// Collective. What leaves, of all that the ranks were asked so far; the same on every rank.
[[nodiscard]] stop::Reason agree_on_stop(comm::ControlPlane& control, const stop::StopFlag& stop,
                                         Deadline deadline);

}  // namespace ringmaster::train
