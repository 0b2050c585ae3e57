// A file that torch.save or Ringmaster wrote: a zip archive of one pickle and the storages of its
// tensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/file.h"
#include "ckpt/pickle.h"
#include "ckpt/zip_reader.h"

namespace ringmaster::ckpt {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// One thread at a time.
class TensorArchive {
 public:
  // Reads the pickle alone. Error{kIo}, or Error{kBadData} for anything that is not such a file.
  TensorArchive(FileSystem& files, const std::string& path);

  [[nodiscard]] const PickleValue& root() const { return pickle_.root(); }
  [[nodiscard]] const std::string& path() const { return zip_.path(); }

  // Whether `value` is a tensor or a torch.nn.Parameter.
  [[nodiscard]] static bool is_tensor(const PickleValue& value);
  // The tensor, on the CPU whatever it was saved from, with the strides that it had. Tensors of one
  // storage share memory, as they did. Error{kBadData} where `value` is none, lies outside its
  // storage, or the storage is damaged; Error{kNotSupported} for an element type that no model of
  // ours has.
  [[nodiscard]] at::Tensor tensor(const PickleValue& value);
  // A dict from names to tensors, in order. `what` names it in errors.
  [[nodiscard]] NamedTensors tensors(const PickleValue& value, const std::string& what);

 private:
  [[nodiscard]] static Pickle read_pickle(const ZipReader& zip, std::string& prefix);
  [[nodiscard]] const at::Tensor& storage(const PickleValue& persistent);
  [[nodiscard]] std::vector<std::int64_t> integers(const PickleValue& tuple) const;
  [[noreturn]] void fail(const std::string& what) const;

  const ZipReader zip_;
  std::string prefix_;  // "archive/": the folder that all entries lie in
  const Pickle pickle_;
  std::map<std::string, at::Tensor> storages_;  // 1-d, by key
};

}  // namespace ringmaster::ckpt
