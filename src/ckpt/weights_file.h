// Weights alone, in files that others wrote or will read: torch.save's (.pt, .pth, .bin) and
// safetensors (.safetensors).
#pragma once

#include <string>

#include "base/file.h"
#include "ckpt/tensor_archive.h"

namespace ringmaster::ckpt {

enum class WeightsFormat { kTorch, kSafetensors };

// By the ending of a file's name. Error{kInvalidArgument} for one that says nothing.
[[nodiscard]] WeightsFormat weights_format_of(const std::string& path);

// The weights in a file of either format, told by its first bytes: of torch.save's the state dict
// as read_weights() finds it. What wrappers have put in front of every name is taken away:
// "module." (DistributedDataParallel), "_orig_mod." (torch.compile), "model." (a module around the
// network), in any order. Errors as read_weights() and read_safetensors(); Error{kNotSupported} for
// torch.save's form before PyTorch 1.6.
[[nodiscard]] NamedTensors read_weights_file(FileSystem& files, const std::string& path);

// Committed or absent: `path` gets all of it, or an error is thrown and nothing is left. A state
// dict as torch.save(model.state_dict(), path) writes it (torch.load(path, weights_only=True) and
// load_state_dict(strict=True) take it), or a safetensors file; tensors are row-major.
// Error{kInvalidArgument} where `path` exists.
void write_weights_file(FileSystem& files, const std::string& path, const NamedTensors& tensors,
                        WeightsFormat format);

// Likewise, as a checkpoint of ours that holds nothing but weights: every command that reads a
// checkpoint reads it, and its hash is verified. `source` is recorded.
void write_weights_checkpoint(FileSystem& files, const std::string& path,
                              const NamedTensors& tensors, const std::string& source);

}  // namespace ringmaster::ckpt
