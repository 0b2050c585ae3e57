#include "ckpt/safetensors.h"

#include <algorithm>
#include <array>
#include <set>

#include <ATen/ops/empty.h>

#include "base/check.h"
#include "ckpt/byte_cursor.h"
#include "ckpt/safetensors_header.h"

namespace ringmaster::ckpt {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 4 << 20;  // a thousand tensors need 0.1 MB
constexpr std::size_t kAlignment = 8;               // of the first tensor in the file

std::string read_header(const ReadableFile& file, const std::string& path) {
  const std::uint64_t file_bytes = file.size_bytes();
  RM_REQUIRE(file_bytes >= kLengthBytes, ErrorKind::kBadData, path, " has only ", file_bytes,
             " bytes: it is no safetensors file");
  std::array<std::byte, kLengthBytes> length{};
  file.read_at(0, length);
  const std::uint64_t header_bytes = ByteCursor(length, path).u64();
  RM_REQUIRE(header_bytes <= file_bytes - kLengthBytes, ErrorKind::kBadData, path,
             " is no sound safetensors file: its header would have ", header_bytes,
             " bytes, and the file has ", file_bytes);
  RM_REQUIRE(header_bytes <= kMaxHeaderBytes, ErrorKind::kBadData, path, ": its header has ",
             header_bytes, " bytes, more than a model's may");
  std::string header(static_cast<std::size_t>(header_bytes), ' ');
  file.read_at(kLengthBytes, std::as_writable_bytes(std::span(header)));
  return header;
}

// In the order of the package, with their places.
struct Layout {
  std::vector<SafetensorsEntry> entries;
  std::vector<at::Tensor> tensors;
};

Layout lay_out(NamedTensors tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    const int rank_a = safetensors_rank(a.second.scalar_type());
    const int rank_b = safetensors_rank(b.second.scalar_type());
    return rank_a != rank_b ? rank_a > rank_b : a.first < b.first;
  });
  Layout layout;
  std::set<std::string> names;
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    RM_REQUIRE(names.insert(name).second, ErrorKind::kInvalidArgument, "there are two tensors ",
               name);
    const std::uint64_t begin = end;
    end += tensor.nbytes();
    layout.entries.push_back({name, tensor.scalar_type(), tensor.sizes().vec(), begin, end});
    layout.tensors.push_back(tensor);
  }
  return layout;
}

std::array<std::byte, kLengthBytes> little_endian(std::uint64_t value) {
  std::array<std::byte, kLengthBytes> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>(value >> (8 * i) & 0xFF);
  return bytes;
}

}  // namespace

NamedTensors read_safetensors(FileSystem& files, const std::string& path) {
  const auto file = files.open(path);
  const std::string header = read_header(*file, path);
  const std::uint64_t data_begin = kLengthBytes + header.size();
  NamedTensors tensors;
  for (const SafetensorsEntry& entry :
       parse_safetensors_header(header, file->size_bytes() - data_begin, path)) {
    const at::Tensor tensor = at::empty(entry.shape, entry.type);
    const auto size_bytes = static_cast<std::size_t>(entry.end_bytes - entry.begin_bytes);
    if (size_bytes > 0) {
      file->read_at(data_begin + entry.begin_bytes,
                    {static_cast<std::byte*>(tensor.mutable_data_ptr()), size_bytes});
    }
    tensors.emplace_back(entry.name, tensor);
  }
  return tensors;
}

void write_safetensors(const NamedTensors& tensors, WritableFile& file) {
  const Layout layout = lay_out(tensors);
  std::string header = safetensors_header(layout.entries);
  header.resize((header.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  file.append(little_endian(header.size()));
  file.append(std::as_bytes(std::span(header)));
  for (const at::Tensor& tensor : layout.tensors) {
    const at::Tensor host = tensor.detach().cpu().contiguous();
    if (host.nbytes() == 0) continue;
    file.append({static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()});
  }
}

}  // namespace ringmaster::ckpt
