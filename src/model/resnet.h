// ResNet-18/34/50/101/152 (He et al., "Deep residual learning for image recognition", CVPR 2016),
// wide_resnet50_2 and resnext50_32x4d, as torchvision builds them: the stride of a bottleneck is in
// its 3x3 convolution (known as v1.5). Names, shapes and order of parameters and buffers are those
// of torchvision's state_dict(), so that weights travel both ways with strict=True.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/blur_pool_kind.h"
#include "model/forward_pass.h"
#include "model/named_tensor.h"

namespace ringmaster::model {

struct ModelOptions {
  std::string name = "resnet50";
  std::int64_t classes = 1000;
  // For images of about 32 px, as is usual on CIFAR: a 3x3 stem of stride 1 and no max-pool. The
  // stem's weight then has another shape than torchvision's.
  bool small_input = false;
  // The scale of each residual branch's last batch norm starts at 0, so that a block starts as the
  // identity (Goyal et al., arXiv:1706.02677, §5.1).
  bool zero_init_residual = false;
  BlurPool blur_pool = BlurPool::kOff;
  // Batch norm normalises with its running statistics in training too, and leaves them as they are;
  // its scale and shift are trained.
  bool freeze_batch_norm = false;
  std::uint64_t seed = 0;  // of the initial weights
};

// The layers are LibTorch modules, kept out of this header: including them takes ten seconds.
// One thread at a time.
class ResNet {
 public:
  // Convolutions' weights in channels-last memory, float32, on the CPU; in training mode. The
  // initial values are torchvision's distributions, drawn by base/philox.h: a function of the
  // options alone, so the same on every rank. Errors as make_model().
  explicit ResNet(const ModelOptions& options);
  ~ResNet();
  ResNet(const ResNet&) = delete;
  ResNet& operator=(const ResNet&) = delete;

  // [N, 3, H, W] float (any memory format; channels-last costs no copy) -> logits [N, classes].
  // In training mode each call updates the running statistics of batch norm.
  [[nodiscard]] at::Tensor forward(const at::Tensor& images, const ForwardPass& pass = {});

  void train(bool on = true);
  void eval() { train(false); }
  [[nodiscard]] bool is_training() const;
  [[nodiscard]] std::int64_t blocks() const;  // residual ones
  // Moves parameters and buffers. Handles from state() stay valid: they share the new memory.
  void to(c10::Device device);

  // Trained parameters in registration order: the numbering of torch.optim's state dicts.
  [[nodiscard]] std::vector<NamedTensor> parameters() const;
  // Parameters and buffers (running statistics, counters), in the order of torchvision's
  // state_dict().
  [[nodiscard]] std::vector<NamedTensor> state() const;

 private:
  class Network;
  std::shared_ptr<Network> network_;
};

// Error{kInvalidArgument} for a name that is none of model_names() (it tells the nearest) or for
// classes < 1.
[[nodiscard]] std::shared_ptr<ResNet> make_model(const ModelOptions& options);
[[nodiscard]] std::vector<std::string> model_names();

[[nodiscard]] std::vector<NamedTensor> state(const ResNet& model);
[[nodiscard]] std::vector<NamedTensor> parameters(const ResNet& model);
// The running means and variances of batch norm, in order: what ranks average beside the gradients.
[[nodiscard]] std::vector<NamedTensor> statistics(const ResNet& model);

}  // namespace ringmaster::model
