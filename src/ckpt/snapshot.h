// All that a run needs to go on, in one file that PyTorch opens:
//
//   torch.load(path, weights_only=True) gives a dict of
//     "model"      name -> tensor: torchvision's load_state_dict(strict=True) takes it
//     "ema"        the same, averaged; only where the run averages weights
//     "optimizer"  {"state": {number: {"momentum_buffer": tensor}}, "param_groups": [...]}:
//                  torch.optim.SGD's load_state_dict takes it
//     "scaler"     torch.amp.GradScaler's state_dict(); only of runs in float16
//     "progress"   name -> int, "numbers" name -> float, "texts" name -> str
//     "ringmaster_format"  the version of this layout, 1
//
// The file ends with a hash of all its bytes (checksum.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/file.h"
#include "ckpt/tensor_archive.h"
#include "optim/loss_scaler.h"

namespace ringmaster::ckpt {

// One of torch.optim.SGD's parameter groups.
struct ParameterGroup {
  double lr = 0, momentum = 0, dampening = 0, weight_decay = 0;
  bool nesterov = false;
  std::vector<std::int64_t> parameters;  // their numbers: the order of model.parameters()
};

struct OptimizerState {
  std::vector<ParameterGroup> groups;
  // By number of the parameter. Empty before the first step with momentum; an undefined tensor for
  // a parameter without one.
  std::vector<at::Tensor> momentum_buffers;
};

struct Snapshot {
  NamedTensors model, ema;
  OptimizerState optimizer;
  std::optional<optim::LossScalerState> scaler;
  std::map<std::string, std::int64_t> progress;  // epoch, step, attempt, ...
  std::map<std::string, double> numbers;
  std::map<std::string, std::string> texts;  // configuration, data set hash, versions, ...
};

// Appends the file's bytes to `file`; returns their number. The caller syncs and closes. Tensors
// may be on any device and views of anything; what they hold must not change meanwhile. Equal
// snapshots give equal bytes. Errors of `file`; then it holds a part.
[[nodiscard]] std::uint64_t write_snapshot(const Snapshot& snapshot, WritableFile& file);

// A dict of tensors alone, as torch.save(model.state_dict(), path) writes one. Otherwise as
// write_snapshot().
[[nodiscard]] std::uint64_t write_tensors(const NamedTensors& tensors, WritableFile& file);

// An upper bound of what write_snapshot() writes.
[[nodiscard]] std::uint64_t max_file_bytes(const Snapshot& snapshot);

// The whole file is verified before anything of it is used: Error{kBadData} for a file that is not
// a checkpoint of a run, or of which any byte has changed; Error{kNotSupported} for a later
// version's layout; Error{kIo}. Tensors are on the CPU.
[[nodiscard]] Snapshot read_snapshot(FileSystem& files, const std::string& path);

// Its progress, numbers and texts alone. Quick: reads no tensors, and verifies nothing but what it
// reads. Errors as read_snapshot().
[[nodiscard]] Snapshot read_summary(FileSystem& files, const std::string& path);

// The weights in a file that torch.save wrote, or Ringmaster: a bare state dict, or one under
// "model", "state_dict" or "model_state_dict". Names are as they stand there. Payloads are verified
// against the zip's CRCs. Error{kBadData}, Error{kNotSupported}, Error{kIo}.
[[nodiscard]] NamedTensors read_weights(FileSystem& files, const std::string& path);

}  // namespace ringmaster::ckpt
