#include "sharding/matlab_elements.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/check.h"
#include "shard/little_endian.h"
#include "shard/shard_format.h"
#include "sharding/gzip_reader.h"

namespace ringmaster::sharding {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kHeaderBytes = 128, kTagBytes = 8;
constexpr std::size_t kMaxUnpackedBytes = std::size_t{64} << 20;  // ImageNet's has under 2 MB
constexpr std::uint32_t kMaxFieldNameBytes = 64;                  // MATLAB's own limit
constexpr std::size_t kMaxDimensions = 8;
constexpr int kMaxDepth = 4;  // libmatio calls itself for a struct in a struct

// Table 1-1 of the format.
enum Type : std::uint32_t {
  kInt8 = 1,
  kInt32 = 5,
  kUint32 = 6,
  kMatrix = 14,
  kCompressed = 15,
};

// Table 1-3.
constexpr std::uint32_t kStruct = 2, kText = 4, kFirstNumber = 6, kLastNumber = 15;
constexpr std::uint32_t kComplex = 0x800;

// Of one stored value. 0 for what is no value of a number or of text.
std::size_t value_bytes(std::uint32_t type) {
  constexpr std::uint8_t kBytes[] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8, 0, 0, 1, 2, 4};
  return type < std::size(kBytes) ? kBytes[type] : 0;
}

struct Element {
  std::uint32_t type = 0;
  bool small = false;  // of at most four bytes, beside its tag
  Bytes content;
};

// The elements that follow one another inside `bytes`.
class Elements {
 public:
  Elements(Bytes bytes, const std::string& name) : left_(bytes), name_(name) {}

  [[nodiscard]] Bytes left() const { return left_; }

  Element next() {
    require(left_.size() >= kTagBytes, "an element has no tag");
    const auto word = shard::load_le_at<std::uint32_t>(left_, 0);
    if (const std::uint32_t bytes = word >> 16; bytes != 0) {
      require(bytes <= 4, "a small element has more than four bytes");
      return {word & 0xffff, true, take(kTagBytes).subspan(4, bytes)};
    }
    const auto bytes = shard::load_le_at<std::uint32_t>(left_, 4);
    take(kTagBytes);
    RM_REQUIRE(bytes <= left_.size(), ErrorKind::kBadData, name_, " is damaged: an element states ",
               bytes, " bytes, where ", left_.size(), " are left");
    const Bytes content = take(bytes);
    // Up to the next multiple of eight; a packed element has nothing to fill.
    if (word != kCompressed) take(std::min<std::size_t>(left_.size(), shard::padding(bytes, 8)));
    return {word, false, content};
  }

  // The next one, which must be of this type.
  Bytes next(Type type, const char* what) {
    const Element element = next();
    require(element.type == type, what);
    return element.content;
  }

  void require(bool sound, const char* what) const {
    RM_REQUIRE(sound, ErrorKind::kBadData, name_, " is damaged: ", what);
  }

 private:
  Bytes take(std::size_t bytes) {
    const Bytes taken = left_.first(bytes);
    left_ = left_.subspan(bytes);
    return taken;
  }

  Bytes left_;
  const std::string& name_;
};

// What every array begins with.
struct Head {
  std::uint32_t array_class = 0;
  std::uint64_t count = 1;  // product of the dimensions
  std::string_view name;
};

// libmatio reads flags and dimensions as one piece: neither may be a small element.
Head read_head(Elements& array) {
  const std::size_t array_bytes = array.left().size();
  Head head;
  const Element flags = array.next();
  array.require(flags.type == kUint32 && flags.content.size() == 8, "an array has no flags");
  const auto word = shard::load_le_at<std::uint32_t>(flags.content, 0);
  array.require((word & kComplex) == 0, "a class list has no complex numbers");
  head.array_class = word & 0xff;
  const Bytes dimensions = array.next(kInt32, "an array has no dimensions");
  array.require(dimensions.size() % 4 == 0 && dimensions.size() >= 8 &&
                    dimensions.size() <= 4 * kMaxDimensions,
                "an array has no sensible dimensions");
  for (std::size_t at = 0; at < dimensions.size(); at += 4) {
    const auto length = shard::load_le_at<std::uint32_t>(dimensions, at);
    array.require(length <= array_bytes, "an array states more values than it has bytes");
    head.count *= length;
    array.require(head.count <= array_bytes, "an array states more values than it has bytes");
  }
  const Bytes name = array.next(kInt8, "an array has no name");
  head.name = {reinterpret_cast<const char*>(name.data()), name.size()};
  return head;
}

void check_values(Elements& array, const Head& head) {
  if (head.count == 0 && array.left().empty()) return;
  const Element values = array.next();
  const std::size_t bytes = value_bytes(values.type);
  array.require(bytes > 0, "values are of no known type");
  array.require(head.count <= values.content.size() / bytes,
                "an array states more values than are stored");
}

void check_array(Elements& array, const Head& head, int depth, const std::string& name);

void check_fields(Elements& array, const Head& head, int depth, const std::string& name) {
  const Element length = array.next();
  array.require(length.type == kInt32 && length.small && length.content.size() == 4,
                "a struct does not say how long its fields' names are");
  const auto name_bytes = shard::load_le_at<std::uint32_t>(length.content, 0);
  array.require(name_bytes > 0 && name_bytes <= kMaxFieldNameBytes,
                "a struct's fields have names of no sensible length");
  const Bytes names = array.next(kInt8, "a struct has no fields");
  array.require(!names.empty() && names.size() % name_bytes == 0, "a struct has no fields");
  const std::uint64_t fields = names.size() / name_bytes * head.count;
  array.require(fields <= array.left().size() / kTagBytes,
                "a struct states more fields than it has");
  for (std::uint64_t i = 0; i < fields; ++i) {
    Elements field(array.next(kMatrix, "a struct's field is no array"), name);
    if (field.left().empty()) continue;  // an empty array
    const Head of_field = read_head(field);
    array.require(of_field.name.empty(), "an array in a struct has a name of its own");
    check_array(field, of_field, depth + 1, name);
  }
}

void check_array(Elements& array, const Head& head, int depth, const std::string& name) {
  array.require(depth <= kMaxDepth, "structs lie in structs");
  if (head.array_class == kStruct) {
    check_fields(array, head, depth, name);
  } else {
    array.require(head.array_class == kText ||
                      (head.array_class >= kFirstNumber && head.array_class <= kLastNumber),
                  "an array is neither struct nor text nor numbers");
    check_values(array, head);
  }
  array.require(array.left().empty(), "an array goes on behind its values");
}

}  // namespace

std::vector<std::byte> checked_matlab_file(Bytes file, const std::string& variable,
                                           const std::string& name) {
  // Version 1.0 in the order of bytes that reads "IM".
  RM_REQUIRE(file.size() >= kHeaderBytes &&
                 shard::load_le_at<std::uint32_t>(file, kHeaderBytes - 4) == 0x4d490100,
             ErrorKind::kBadData, name, " is no little-endian MATLAB file of format 5");
  std::vector<std::byte> out(file.begin(), file.begin() + kHeaderBytes);
  std::vector<std::byte> unpacked;
  for (Elements variables(file.subspan(kHeaderBytes), name); !variables.left().empty();) {
    Element element = variables.next();
    if (element.type == kCompressed) {
      unpacked = unpack_zlib(element.content, name, kMaxUnpackedBytes);
      element = Elements(unpacked, name).next();
    }
    variables.require(element.type == kMatrix, "a variable is no array");
    Elements array(element.content, name);
    const Head head = read_head(array);
    if (head.name != variable) continue;
    check_array(array, head, 1, name);
    shard::append_le<std::uint32_t>(out, kMatrix);
    shard::append_le(out, static_cast<std::uint32_t>(element.content.size()));
    out.insert(out.end(), element.content.begin(), element.content.end());
    out.resize(out.size() + shard::padding(out.size(), 8));
    return out;
  }
  throw Error(ErrorKind::kBadData, join_text(name, " has no variable ", variable));
}

}  // namespace ringmaster::sharding
