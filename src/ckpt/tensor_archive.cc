#include "ckpt/tensor_archive.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <ATen/ops/empty.h>

#include "base/check.h"

namespace ringmaster::ckpt {
namespace {

using Kind = PickleValue::Kind;

constexpr std::uint64_t kMaxPickleBytes = 16 << 20;  // a thousand tensors need 0.2 MB
constexpr std::size_t kMaxDims = 16;
constexpr const char* kRebuildTensor = "torch._utils _rebuild_tensor_v2";
constexpr const char* kRebuildParameter = "torch._utils _rebuild_parameter";

std::optional<at::ScalarType> element_type(const std::string& storage_class) {
  static const std::map<std::string, at::ScalarType> types = {
      {"torch FloatStorage", at::kFloat}, {"torch DoubleStorage", at::kDouble},
      {"torch HalfStorage", at::kHalf},   {"torch BFloat16Storage", at::kBFloat16},
      {"torch LongStorage", at::kLong},   {"torch IntStorage", at::kInt},
      {"torch ShortStorage", at::kShort}, {"torch CharStorage", at::kChar},
      {"torch ByteStorage", at::kByte},   {"torch BoolStorage", at::kBool},
  };
  const auto found = types.find(storage_class);
  if (found == types.end()) return std::nullopt;
  return found->second;
}

// The arguments of a call of `function`, or nullptr where `value` is no such call with at least
// `count` of them.
const std::vector<const PickleValue*>* arguments_of(const PickleValue& value, const char* function,
                                                    std::size_t count) {
  if (value.kind != Kind::kCall || value.items[0]->kind != Kind::kGlobal ||
      value.items[0]->text != function || value.items[1]->kind != Kind::kTuple ||
      value.items[1]->items.size() < count) {
    return nullptr;
  }
  return &value.items[1]->items;
}

// Elements that a tensor reaches in its storage: one past the last. Nothing where the numbers are
// no tensor's, or it has more elements than that.
std::optional<std::int64_t> reach_elems(std::int64_t offset, const std::vector<std::int64_t>& sizes,
                                        const std::vector<std::int64_t>& strides) {
  if (sizes.size() != strides.size() || sizes.size() > kMaxDims || offset < 0) return std::nullopt;
  std::int64_t count = 1, reach = offset;
  bool empty = false;
  for (std::size_t d = 0; d < sizes.size(); ++d) {
    std::int64_t span = 0;
    if (sizes[d] < 0 || strides[d] < 0) return std::nullopt;
    if (sizes[d] == 0) {
      empty = true;
      continue;
    }
    if (__builtin_mul_overflow(sizes[d] - 1, strides[d], &span) ||
        __builtin_add_overflow(reach, span, &reach) ||
        __builtin_mul_overflow(count, sizes[d], &count)) {
      return std::nullopt;
    }
  }
  if (empty) return offset;
  if (reach == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  // A stride of 0 makes many elements of one: whoever copies such a tensor would run out of memory.
  if (count > reach + 1 - offset) return std::nullopt;
  return reach + 1;
}

}  // namespace

TensorArchive::TensorArchive(FileSystem& files, const std::string& path)
    : zip_(files.open(path), path), pickle_(read_pickle(zip_, prefix_)) {}

Pickle TensorArchive::read_pickle(const ZipReader& zip, std::string& prefix) {
  const std::string name = "data.pkl";
  const ZipEntry* found = nullptr;
  for (const ZipEntry& entry : zip.entries()) {
    const auto slash = entry.name.find('/');
    if (slash == std::string::npos || entry.name.substr(slash + 1) != name) continue;
    prefix = entry.name.substr(0, slash + 1);
    found = &entry;
  }
  RM_REQUIRE(found != nullptr, ErrorKind::kBadData, zip.path(),
             " is a zip file, but none that torch.save wrote: it has no ", name);
  RM_REQUIRE(found->size_bytes <= kMaxPickleBytes, ErrorKind::kBadData, zip.path(), ": ",
             found->name, " has ", found->size_bytes, " bytes, more than a checkpoint's may");
  if (const ZipEntry* order = zip.find(prefix + "byteorder")) {
    std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(order->size_bytes, 16)), ' ');
    RM_REQUIRE(order->size_bytes == text.size(), ErrorKind::kBadData, zip.path(),
               ": bad byteorder");
    zip.read(*order, std::as_writable_bytes(std::span(text)));
    RM_REQUIRE(text == "little", ErrorKind::kNotSupported, zip.path(),
               " was written on a big-endian machine: save it again on a little-endian one");
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(found->size_bytes));
  zip.read(*found, bytes);
  return Pickle(bytes, zip.path());
}

void TensorArchive::fail(const std::string& what) const {
  throw Error(ErrorKind::kBadData, path() + " is damaged: " + what);
}

bool TensorArchive::is_tensor(const PickleValue& value) {
  return arguments_of(value, kRebuildTensor, 4) != nullptr ||
         arguments_of(value, kRebuildParameter, 1) != nullptr;
}

std::vector<std::int64_t> TensorArchive::integers(const PickleValue& tuple) const {
  if (tuple.kind != Kind::kTuple) fail("a tensor without a shape");
  std::vector<std::int64_t> numbers;
  for (const PickleValue* item : tuple.items) {
    if (item->kind != Kind::kInteger) fail("a tensor's size or stride is no number");
    numbers.push_back(item->integer);
  }
  return numbers;
}

at::Tensor TensorArchive::tensor(const PickleValue& value) {
  if (const auto* parameter = arguments_of(value, kRebuildParameter, 1)) {
    if (arguments_of(*parameter->front(), kRebuildTensor, 4) == nullptr) fail("an empty parameter");
    return tensor(*parameter->front());
  }
  const auto* arguments = arguments_of(value, kRebuildTensor, 4);
  if (arguments == nullptr) fail("something else stands where a tensor must be");
  const PickleValue& offset = *(*arguments)[1];
  if (offset.kind != Kind::kInteger) fail("a tensor's offset is no number");
  const auto sizes = integers(*(*arguments)[2]), strides = integers(*(*arguments)[3]);
  const auto reach = reach_elems(offset.integer, sizes, strides);
  const at::Tensor& all = storage(*arguments->front());
  if (!reach.has_value() || *reach > all.numel()) fail("a tensor reaches outside its storage");
  return all.as_strided(sizes, strides, offset.integer);
}

const at::Tensor& TensorArchive::storage(const PickleValue& persistent) {
  if (persistent.kind != Kind::kPersistent) fail("a tensor without a storage");
  const auto& id = persistent.items.front()->items;
  if (id.size() < 5 || id[0]->text != "storage" || id[1]->kind != Kind::kGlobal ||
      id[2]->kind != Kind::kText || id[4]->kind != Kind::kInteger) {
    fail("the place of a storage is none");
  }
  const std::string& key = id[2]->text;
  const auto type = element_type(id[1]->text);
  RM_REQUIRE(type.has_value(), ErrorKind::kNotSupported, path(), " holds a tensor of ", id[1]->text,
             ", which no model here has");
  if (const auto known = storages_.find(key); known != storages_.end()) {
    if (known->second.scalar_type() != *type) fail("storage " + key + " has two element types");
    return known->second;
  }
  const ZipEntry* const entry = zip_.find(prefix_ + "data/" + key);
  if (entry == nullptr) fail("storage " + key + " is missing");
  const std::size_t elem_bytes = c10::elementSize(*type);
  const auto count = static_cast<std::int64_t>(entry->size_bytes / elem_bytes);
  if (id[4]->integer != count || entry->size_bytes % elem_bytes != 0 ||
      entry->size_bytes > zip_.size_bytes()) {
    fail("storage " + key + " has another size than its tensors");
  }
  const at::Tensor loaded = at::empty({count}, *type);
  zip_.read(*entry, {static_cast<std::byte*>(loaded.mutable_data_ptr()),
                     static_cast<std::size_t>(entry->size_bytes)});
  return storages_.emplace(key, loaded).first->second;
}

NamedTensors TensorArchive::tensors(const PickleValue& value, const std::string& what) {
  if (value.kind != Kind::kDict) fail(what + " is no dict");
  NamedTensors out;
  for (std::size_t i = 0; i < value.items.size(); i += 2) {
    const PickleValue& name = *value.items[i];
    if (name.kind != Kind::kText) fail(what + " has a key that is no text");
    if (!is_tensor(*value.items[i + 1])) fail(what + ": " + name.text + " is no tensor");
    out.emplace_back(name.text, tensor(*value.items[i + 1]));
  }
  return out;
}

}  // namespace ringmaster::ckpt
