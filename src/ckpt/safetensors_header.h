// The header of a safetensors file (safetensors.h): what lies where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <c10/core/ScalarType.h>

namespace ringmaster::ckpt {

struct SafetensorsEntry {
  std::string name;
  c10::ScalarType type = c10::ScalarType::Float;
  std::vector<std::int64_t> shape;
  std::uint64_t begin_bytes = 0, end_bytes = 0;  // from the first tensor's first byte
};

// Entries in the JSON's order of names, checked: they tile `data_bytes`, and each has the bytes of
// its shape and type. Errors as read_safetensors().
[[nodiscard]] std::vector<SafetensorsEntry> parse_safetensors_header(std::string_view json,
                                                                     std::uint64_t data_bytes,
                                                                     const std::string& path);

// Without the padding. The entries must be in the order of their bytes.
[[nodiscard]] std::string safetensors_header(const std::vector<SafetensorsEntry>& entries);

// Where a type stands when tensors are sorted by falling alignment, as the package does it: larger
// comes first. Error{kNotSupported} for a type that has no name in the format here.
[[nodiscard]] int safetensors_rank(c10::ScalarType type);

}  // namespace ringmaster::ckpt
