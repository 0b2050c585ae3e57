#include "train/forward.h"

#include "data/mix.h"
#include "data/network_input.h"
#include "model/loss.h"

namespace ringmaster::train {

ForwardResult run_forward(model::ResNet& model, const data::Batch& batch, std::int64_t epoch,
                          const ForwardOptions& options, const model::LayerWatch& watch) {
  const at::Tensor targets = batch.targets.to(options.device, /*non_blocking=*/true);
  model::ForwardPass pass;
  pass.torch_gradients = options.torch_gradients;
  pass.watch = watch;
  if (options.stochastic_depth.rate > 0) {
    pass.branch_scales =
        model::branch_scales(options.stochastic_depth, epoch, batch.sample_ids, model.blocks())
            .to(options.device);
  }
  const AutocastScope autocast(options.precision, options.device.type());
  ForwardResult result;
  result.logits = model.forward(data::network_input(batch, options.device), pass);
  result.loss = model::cross_entropy(result.logits,
                                     data::mix_targets(targets, batch.mix, result.logits.size(1)),
                                     options.label_smoothing);
  result.targets = data::main_targets(targets, batch.mix);
  return result;
}

}  // namespace ringmaster::train
