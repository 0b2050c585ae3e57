// Between the optimizer and its part of a snapshot.
#pragma once

#include <string>

#include "ckpt/snapshot.h"
#include "optim/optimizer.h"

namespace ringmaster::ckpt {

// The optimizer's state with `lr` and `momentum` as the step to come would use them. The momentum
// buffers are views of the optimizer's: they change with its next step. One group, or where biases
// and norms are exempt from weight decay two: the decayed parameters and the others.
[[nodiscard]] OptimizerState snapshot_of(const optim::Optimizer& optimizer, double lr,
                                         double momentum);

// Copies the momentum of `state`, read from `path`, into `optimizer`, or sets it to none where
// there is none. Learning rate, momentum and weight decay stay as the optimizer has them: the
// configuration says what they are. Error{kInvalidArgument} where the state is of another model;
// then nothing has changed.
void restore_optimizer(const OptimizerState& state, const std::string& path,
                       optim::Optimizer& optimizer);

}  // namespace ringmaster::ckpt
