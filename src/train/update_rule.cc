#include "train/update_rule.h"

#include <utility>

#include "base/check.h"
#include "optim/lars.h"
#include "optim/sgd.h"

namespace ringmaster::train {

std::unique_ptr<optim::Optimizer> make_optimizer(const TrainOptions& options,
                                                 const at::Tensor& flat_parameters,
                                                 const at::Tensor& flat_gradients,
                                                 std::vector<optim::ParameterSlot> slots,
                                                 optim::UpdateWork work) {
  optim::OptimizerOptions rule;
  rule.momentum = options.momentum;
  rule.weight_decay = options.weight_decay;
  rule.nesterov = options.nesterov;
  rule.decay_norm_and_bias = options.decay_norm_and_bias;
  if (options.optimizer == "lars") {
    return std::make_unique<optim::Lars>(flat_parameters, flat_gradients, std::move(slots),
                                         optim::LarsOptions{rule, options.trust_coefficient},
                                         std::move(work));
  }
  RM_CHECK(options.optimizer == "sgd", "an undeclared optimizer: ", options.optimizer);
  return std::make_unique<optim::Sgd>(flat_parameters, flat_gradients, std::move(slots), rule,
                                      std::move(work));
}

}  // namespace ringmaster::train
