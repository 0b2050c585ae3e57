#include <exception>
#include <string>

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/pickler.h>

#include "base/check.h"
#include "ckpt/checksum.h"
#include "ckpt/snapshot.h"

namespace ringmaster::ckpt {
namespace {

using Dict = c10::impl::GenericDict;

// What the zip writer writes into. It is C code inside, must not see an exception, and its
// destructor ends the program where the end of an archive can't be written: so an error is kept,
// everything after it is dropped, and rethrow() reports it.
class LatchingSink {
 public:
  explicit LatchingSink(ChecksumWriter& out) : out_(out) {}
  std::size_t write(const void* data, std::size_t size_bytes) {
    if (!error_) {
      try {
        out_.append({static_cast<const std::byte*>(data), size_bytes});
      } catch (...) {
        error_ = std::current_exception();
      }
    }
    return size_bytes;
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  ChecksumWriter& out_;
  std::exception_ptr error_;
};

// The pickler writes a tensor's whole storage: one of its own, of just its elements, with its
// strides.
at::Tensor with_own_storage(const at::Tensor& tensor) {
  const at::Tensor host = tensor.detach().cpu();
  if (host.is_non_overlapping_and_dense() && host.storage().nbytes() == host.nbytes()) return host;
  return host.clone();
}

Dict text_dict() {
  return Dict(c10::StringType::get(), c10::AnyType::get());
}

Dict dict_of(const NamedTensors& tensors) {
  Dict dict = text_dict();
  for (const auto& [name, tensor] : tensors) dict.insert(name, with_own_storage(tensor));
  return dict;
}

template <typename Value>
Dict dict_of(const std::map<std::string, Value>& values) {
  Dict dict = text_dict();
  for (const auto& [name, value] : values) dict.insert(name, value);
  return dict;
}

// With every key of torch.optim.SGD's groups, or its constructor's values would be lost on loading.
Dict dict_of(const ParameterGroup& group) {
  Dict dict = text_dict();
  dict.insert("lr", group.lr);
  dict.insert("momentum", group.momentum);
  dict.insert("dampening", group.dampening);
  dict.insert("weight_decay", group.weight_decay);
  dict.insert("nesterov", group.nesterov);
  dict.insert("maximize", false);
  dict.insert("foreach", c10::IValue());
  dict.insert("differentiable", false);
  dict.insert("fused", c10::IValue());
  // Not a List<int64_t>: the pickler would give that a type tag all the same.
  c10::impl::GenericList numbers(c10::AnyType::get());
  for (const std::int64_t number : group.parameters) numbers.push_back(number);
  dict.insert("params", numbers);
  return dict;
}

Dict dict_of(const OptimizerState& optimizer) {
  Dict state(c10::IntType::get(), c10::AnyType::get());
  for (std::size_t i = 0; i < optimizer.momentum_buffers.size(); ++i) {
    const at::Tensor& buffer = optimizer.momentum_buffers[i];
    if (!buffer.defined()) continue;
    Dict entry = text_dict();
    entry.insert("momentum_buffer", with_own_storage(buffer));
    state.insert(static_cast<std::int64_t>(i), entry);
  }
  c10::impl::GenericList groups(c10::AnyType::get());
  for (const ParameterGroup& group : optimizer.groups) groups.push_back(dict_of(group));
  Dict dict = text_dict();
  dict.insert("state", state);
  dict.insert("param_groups", groups);
  return dict;
}

Dict dict_of(const Snapshot& snapshot) {
  Dict root = text_dict();
  root.insert("ringmaster_format", std::int64_t{1});
  root.insert("model", dict_of(snapshot.model));
  if (!snapshot.ema.empty()) root.insert("ema", dict_of(snapshot.ema));
  root.insert("optimizer", dict_of(snapshot.optimizer));
  root.insert("progress", dict_of(snapshot.progress));
  root.insert("numbers", dict_of(snapshot.numbers));
  root.insert("texts", dict_of(snapshot.texts));
  return root;
}

void write_archive(const Dict& root, LatchingSink& sink) {
  caffe2::serialize::PyTorchStreamWriter zip(
      [&](const void* data, std::size_t size_bytes) { return sink.write(data, size_bytes); });
  std::string pickle;
  // Without type tags, or torch.load(weights_only=True) would refuse the file.
  torch::jit::Pickler pickler(
      [&](const char* data, std::size_t size_bytes) { pickle.append(data, size_bytes); }, nullptr,
      nullptr, nullptr, nullptr, /*tag_aggregates=*/false);
  pickler.protocol();
  pickler.pushIValue(root);
  pickler.stop();
  zip.writeRecord("data.pkl", pickle.data(), pickle.size());
  zip.writeRecord("byteorder", "little", 6);
  std::size_t key = 0;
  for (const at::Tensor& tensor : pickler.tensorData()) {
    zip.writeRecord("data/" + std::to_string(key++), tensor.storage().data(),
                    tensor.storage().nbytes());
  }
  zip.writeEndOfFile();
}

std::uint64_t write_hashed(const Dict& root, WritableFile& file) {
  ChecksumWriter out(file);
  LatchingSink sink(out);
  write_archive(root, sink);
  sink.rethrow();
  return out.finish();
}

}  // namespace

std::uint64_t write_snapshot(const Snapshot& snapshot, WritableFile& file) {
  return write_hashed(dict_of(snapshot), file);
}

std::uint64_t write_state_dict(const NamedTensors& tensors, WritableFile& file) {
  return write_hashed(dict_of(tensors), file);
}

std::uint64_t max_file_bytes(const Snapshot& snapshot) {
  // Per tensor: its pickle, twice its entry's name and sizes, and padding to 64 bytes.
  constexpr std::uint64_t kTensorBytes = 1024, kFixedBytes = 64 << 10;
  std::uint64_t bytes = kFixedBytes;
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    bytes += name.size() + kTensorBytes + (tensor.defined() ? tensor.nbytes() : 0);
  };
  for (const NamedTensors* list : {&snapshot.model, &snapshot.ema}) {
    for (const auto& [name, tensor] : *list) add(name, tensor);
  }
  for (const at::Tensor& buffer : snapshot.optimizer.momentum_buffers) add("", buffer);
  for (const auto& [name, text] : snapshot.texts) bytes += name.size() + text.size() + 64;
  bytes += 64 * (snapshot.progress.size() + snapshot.numbers.size());
  return bytes;
}

}  // namespace ringmaster::ckpt
