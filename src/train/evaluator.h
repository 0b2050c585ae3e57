// Exact evaluation: every image of the validation set counts once, and the digits do not depend on
// the number of ranks.
#pragma once

#include <vector>

#include <c10/core/Device.h>

#include "comm/control.h"
#include "data/loader.h"
#include "model/resnet.h"
#include "stop/stop_flag.h"
#include "train/answers.h"
#include "train/precision.h"
#include "train/totals.h"

namespace ringmaster::train {

struct EvaluatorOptions {
  c10::Device device = c10::Device(c10::kCPU);
  Precision precision = Precision::kFloat32;
  double deadline_s =
      600;  // for ranks to meet, after every batch where there is `stop`, and at the end
  bool answers = false;  // also tell what was said of each image
};

struct Evaluation {
  Totals totals;                               // of all images; of nothing where it was stopped
  stop::Reason stopped = stop::Reason::kNone;  // agreed by all ranks
  std::vector<Answer> answers;                 // by sample; empty unless they were asked for
};

// Collective. Runs the whole of `loader`'s plan, this rank's batches here, and returns the totals
// over all ranks. Loss is plain cross entropy, without smoothing. The model is left in training
// mode as it was found, and its statistics are not touched.
//
// Batches are the same whatever the number of ranks (the plan deals whole batches), and their
// losses are added in batch order: so hits, n and loss have the same digits on 1, 2, 3 or 5 ranks
// of one kind of machine.
//
// `stop`: asked before every batch, and the ranks leave together once one of them was asked to;
// null: goes on to the end.
[[nodiscard]] Evaluation evaluate(model::ResNet& model, data::EvalLoader& loader,
                                  comm::ControlPlane& control, const EvaluatorOptions& options,
                                  const stop::StopFlag* stop);

}  // namespace ringmaster::train
