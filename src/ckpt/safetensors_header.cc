#include "ckpt/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace ringmaster::ckpt {
namespace {

using Json = nlohmann::json;

constexpr const char* kMetadata = "__metadata__";
constexpr int kMaxDepth = 3;  // {"name": {"shape": [
constexpr std::size_t kMaxDims = 16;

struct TypeName {
  const char* name;
  c10::ScalarType type;
};
// In the package's order of types (its enum Dtype), by which it sorts tensors.
constexpr std::array kTypes = {
    TypeName{"BOOL", c10::ScalarType::Bool},  TypeName{"U8", c10::ScalarType::Byte},
    TypeName{"I8", c10::ScalarType::Char},    TypeName{"I16", c10::ScalarType::Short},
    TypeName{"F16", c10::ScalarType::Half},   TypeName{"BF16", c10::ScalarType::BFloat16},
    TypeName{"I32", c10::ScalarType::Int},    TypeName{"F32", c10::ScalarType::Float},
    TypeName{"F64", c10::ScalarType::Double}, TypeName{"I64", c10::ScalarType::Long},
};

template <typename... Parts>
[[noreturn]] void fail(const std::string& path, const Parts&... parts) {
  throw Error(ErrorKind::kBadData, join_text(path, " is no sound safetensors file: ", parts...));
}

// nlohmann keeps the last of two equal keys, and any depth: both are refused while it parses.
Json parse_json(std::string_view text, const std::string& path) {
  std::array<std::set<std::string>, kMaxDepth + 1> keys;  // of the object that is open at a depth
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) fail(path, "its header is nested too deeply");
    const auto at = static_cast<std::size_t>(depth);
    // An object's own event has the depth outside of it, its keys' the one inside.
    if (event == Json::parse_event_t::object_start && depth < kMaxDepth) keys[at + 1].clear();
    if (event == Json::parse_event_t::key && !keys[at].insert(parsed.get<std::string>()).second)
      fail(path, "its header has '", parsed.get<std::string>(), "' twice");
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::exception&) {
    fail(path, "its header is no JSON");
  }
}

c10::ScalarType type_of(const std::string& name, const std::string& tensor,
                        const std::string& path) {
  for (const TypeName& entry : kTypes) {
    if (name == entry.name) return entry.type;
  }
  throw Error(ErrorKind::kNotSupported, join_text(path, ": ", tensor, " has elements of type ",
                                                  name, ", which no model here has"));
}

std::uint64_t unsigned_of(const Json& value, const std::string& tensor, const std::string& path) {
  if (!value.is_number_unsigned()) fail(path, tensor, " has a size or offset that is no count");
  return value.get<std::uint64_t>();
}

// Bytes of a tensor. Nothing overflows, nor do the strides that a tensor without elements has.
std::uint64_t bytes_of(const SafetensorsEntry& entry, const std::string& path) {
  auto bound = static_cast<std::int64_t>(c10::elementSize(entry.type));
  bool empty = false;
  for (const std::int64_t size : entry.shape) {
    empty = empty || size == 0;
    if (__builtin_mul_overflow(bound, std::max<std::int64_t>(size, 1), &bound))
      fail(path, entry.name, " has a shape without bounds");
  }
  return empty ? 0 : static_cast<std::uint64_t>(bound);
}

const Json& member(const Json& object, const char* key, Json::value_t type,
                   const std::string& tensor, const std::string& path) {
  const auto found = object.find(key);
  if (found == object.end() || found->type() != type)
    fail(path, tensor, " has no ", key, ", or one of the wrong kind");
  return *found;
}

SafetensorsEntry entry_of(const std::string& name, const Json& value, const std::string& path) {
  if (!value.is_object() || value.size() != 3)
    fail(path, name, " must have dtype, shape and data_offsets, and nothing else");
  SafetensorsEntry entry;
  entry.name = name;
  entry.type = type_of(member(value, "dtype", Json::value_t::string, name, path).get<std::string>(),
                       name, path);
  const Json& shape = member(value, "shape", Json::value_t::array, name, path);
  if (shape.size() > kMaxDims) fail(path, name, " has ", shape.size(), " dimensions");
  for (const Json& size : shape) {
    const std::uint64_t count = unsigned_of(size, name, path);
    if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      fail(path, name, " has a shape without bounds");
    entry.shape.push_back(static_cast<std::int64_t>(count));
  }
  const Json& offsets = member(value, "data_offsets", Json::value_t::array, name, path);
  if (offsets.size() != 2) fail(path, name, " has ", offsets.size(), " data_offsets, not two");
  entry.begin_bytes = unsigned_of(offsets[0], name, path);
  entry.end_bytes = unsigned_of(offsets[1], name, path);
  if (entry.begin_bytes > entry.end_bytes ||
      entry.end_bytes - entry.begin_bytes != bytes_of(entry, path)) {
    fail(path, name, " does not have the bytes of its shape and type");
  }
  return entry;
}

// Each begins where the one before ends, and the last ends the file.
void require_tiling(const std::vector<SafetensorsEntry>& entries, std::uint64_t data_bytes,
                    const std::string& path) {
  std::vector<const SafetensorsEntry*> by_place;
  for (const SafetensorsEntry& entry : entries) by_place.push_back(&entry);
  std::sort(by_place.begin(), by_place.end(), [](const auto* a, const auto* b) {
    return std::pair(a->begin_bytes, a->end_bytes) < std::pair(b->begin_bytes, b->end_bytes);
  });
  std::uint64_t end = 0;
  for (const SafetensorsEntry* entry : by_place) {
    if (entry->end_bytes > data_bytes)
      fail(path, entry->name, " ends at byte ", entry->end_bytes, " of ", data_bytes,
           ": the file is cut off, or damaged");
    if (entry->begin_bytes < end) fail(path, entry->name, " overlaps another tensor");
    if (entry->begin_bytes > end) fail(path, "there is a gap before ", entry->name);
    end = entry->end_bytes;
  }
  if (end != data_bytes) fail(path, data_bytes - end, " bytes at its end belong to no tensor");
}

const TypeName& name_of_type(c10::ScalarType type) {
  const auto* const found = std::find_if(kTypes.begin(), kTypes.end(),
                                         [&](const TypeName& entry) { return entry.type == type; });
  RM_REQUIRE(found != kTypes.end(), ErrorKind::kNotSupported, "safetensors has no type for ",
             c10::toString(type));
  return *found;
}

}  // namespace

std::vector<SafetensorsEntry> parse_safetensors_header(std::string_view json,
                                                       std::uint64_t data_bytes,
                                                       const std::string& path) {
  if (json.empty() || json.front() != '{') fail(path, "its header does not begin with {");
  const Json header = parse_json(json, path);
  std::vector<SafetensorsEntry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name != kMetadata) {
      entries.push_back(entry_of(name, value, path));
      continue;
    }
    if (!value.is_object()) fail(path, kMetadata, " is no object");
    for (const Json& text : value) {
      if (!text.is_string()) fail(path, kMetadata, " holds something that is no text");
    }
  }
  require_tiling(entries, data_bytes, path);
  return entries;
}

std::string safetensors_header(const std::vector<SafetensorsEntry>& entries) {
  std::string text = "{";
  for (const SafetensorsEntry& entry : entries) {
    if (text.size() > 1) text += ',';
    text += Json(entry.name).dump() + ":{\"dtype\":\"" + name_of_type(entry.type).name +
            "\",\"shape\":" + Json(entry.shape).dump() +
            ",\"data_offsets\":" + Json({entry.begin_bytes, entry.end_bytes}).dump() + "}";
  }
  return text + "}";
}

int safetensors_rank(c10::ScalarType type) {
  return static_cast<int>(&name_of_type(type) - kTypes.data());
}

}  // namespace ringmaster::ckpt
