// The timeline of a run's first steps: trace.json in its folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "comm/control.h"
#include "comm/engine.h"
#include "grad/gradients.h"
#include "train/activity.h"

namespace ringmaster::train {

// Watches `steps` steps from the first that it sees, on every rank: per rank a track of the
// training thread's phases and, per bucket, when it was ready (all its gradients there), queued
// (its turn in plan order) and reduced. Changes neither what is computed nor any order. One thread.
class Tracer {
 public:
  // All of it must outlive this. `steps` = 0: nothing happens.
  Tracer(std::int64_t steps, Activity& activity, const comm::Engine& engine,
         const grad::Gradients& gradients);

  void before_step();
  // Collective after the last traced step: gathers the ranks' events, and rank 0 writes them to
  // `path`. Otherwise local.
  void after_step(comm::ControlPlane& control, FileSystem& files, const std::string& path,
                  Deadline deadline);

 private:
  void take_reductions();

  std::int64_t steps_left_;
  Activity& activity_;
  const comm::Engine& engine_;
  const grad::Gradients& gradients_;
  std::int64_t next_operation_ = -1;  // the first that was not taken yet; -1: of the next step
  std::vector<obs::Span> waiting_, reducing_;
};

}  // namespace ringmaster::train
