#include "sharding/tar_index.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/check.h"

namespace ringmaster::sharding {
namespace {

constexpr std::uint64_t kBlockBytes = 512;
// Of a long name or the attributes of one member.
constexpr std::uint64_t kMaxExtensionBytes = 1 << 20;

struct Field {
  std::size_t at, size;
};
constexpr Field kName{0, 100}, kSize{124, 12}, kChecksum{148, 8}, kMagic{257, 6}, kPrefix{345, 155};
constexpr std::size_t kTypeAt = 156;

using Block = std::array<unsigned char, kBlockBytes>;

std::string text_of(const Block& block, Field field) {
  const char* const begin = reinterpret_cast<const char*>(block.data()) + field.at;
  return {begin, ::strnlen(begin, field.size)};
}

// Octal digits with blanks around them, or, as GNU writes what does not fit, a binary number behind
// a byte 0x80. Nothing where it is neither.
std::optional<std::uint64_t> number_of(const Block& block, Field field) {
  std::uint64_t value = 0;
  if (block[field.at] == 0x80) {
    for (std::size_t i = 1; i < field.size; ++i) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | block[field.at + i];
    }
    return value;
  }
  const std::string text = text_of(block, field);
  const auto first = std::min(text.find_first_not_of(' '), text.size());
  const auto last = text.find_last_not_of(' ') + 1;
  if (first >= last) return 0;
  const auto [end, code] = std::from_chars(text.data() + first, text.data() + last, value, 8);
  if (code != std::errc() || end != text.data() + last) return std::nullopt;
  return value;
}

// The sum of all bytes, the checksum's own taken as blanks.
std::uint64_t checksum_of(const Block& block) {
  std::uint64_t sum = kChecksum.size * ' ';
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (i < kChecksum.at || i >= kChecksum.at + kChecksum.size) sum += block[i];
  }
  return sum;
}

// One walk over one archive.
class Walk {
 public:
  Walk(const ReadableFile& file, const TarExtent& extent) : file_(file), extent_(extent) {}

  std::vector<TarMember> run() {
    while (!at_end_mark()) {
      switch (block_[kTypeAt]) {
        case 'L':
          long_name_ = extension();
          long_name_.resize(::strnlen(long_name_.data(), long_name_.size()));
          break;
        case 'x':
          take_attributes(extension());
          break;
        default:
          take_member();
      }
    }
    return std::move(members_);
  }

 private:
  template <typename... Parts>
  void require(bool condition, const Parts&... parts) const {
    RM_REQUIRE(condition, ErrorKind::kBadData, extent_.name, ": ", parts...);
  }

  // Reads the next header. True where the end mark stands instead.
  bool at_end_mark() {
    require(extent_.size_bytes - at_ >= kBlockBytes, "ends at byte ", extent_.size_bytes,
            " without the end mark of a tar archive: it is truncated. Download or copy it again");
    file_.read_at(extent_.offset_bytes + at_, std::as_writable_bytes(std::span(block_)));
    if (std::all_of(block_.begin(), block_.end(), [](unsigned char c) { return c == 0; }))
      return true;
    require(at_ > 0 || block_[0] != 0x1f || block_[1] != 0x8b,
            "is compressed: its members can't be read at random. Unpack it with gunzip first");
    const auto stored = number_of(block_, kChecksum);
    const auto size = number_of(block_, kSize);
    require(stored && *stored == checksum_of(block_), "no sound tar header at byte ", at_,
            " (its checksum is \"", text_of(block_, kChecksum), "\", its bytes sum up to ",
            checksum_of(block_), "): it is damaged, or no tar archive");
    require(size.has_value(), "the header at byte ", at_, " has no size: it is damaged");
    size_ = pax_size_.value_or(*size);
    header_ = at_;
    at_ += kBlockBytes;
    return false;
  }

  // Moves behind a content of size_ bytes.
  void pass_content() {
    require(size_ <= extent_.size_bytes - at_, "the member at byte ", header_, ", ", name(),
            ", has ", size_, " bytes, but the archive ends after ", extent_.size_bytes - at_,
            " of them: it is truncated. Download or copy it again");
    at_ +=
        std::min((size_ + kBlockBytes - 1) / kBlockBytes * kBlockBytes, extent_.size_bytes - at_);
  }

  [[nodiscard]] std::string name() const {
    std::string name = long_name_;
    if (name.empty()) {
      name = text_of(block_, kName);
      // GNU's magic is "ustar " and its prefix field something else.
      if (std::memcmp(block_.data() + kMagic.at, "ustar\0", kMagic.size) == 0 &&
          block_[kPrefix.at] != 0)
        name = join_path(text_of(block_, kPrefix), name);
    }
    while (name.starts_with("./")) name.erase(0, 2);
    return name;
  }

  std::string extension() {
    require(size_ <= kMaxExtensionBytes, "the header at byte ", header_, " has attributes of ",
            size_, " bytes: it is damaged");
    std::string text(size_, '\0');
    const std::uint64_t content = extent_.offset_bytes + at_;
    pass_content();
    file_.read_at(content, std::as_writable_bytes(std::span(text)));
    return text;
  }

  // Records "LENGTH KEY=VALUE\n".
  void take_attributes(std::string_view text) {
    while (!text.empty()) {
      std::size_t length = 0;
      const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), length);
      const auto key_at = static_cast<std::size_t>(end - text.data()) + 1;
      require(code == std::errc() && *end == ' ' && length > key_at && length <= text.size() &&
                  text[length - 1] == '\n',
              "the attributes at byte ", header_, " are damaged");
      const std::string_view record = text.substr(key_at, length - key_at - 1);
      const auto equals = std::min(record.find('='), record.size() - 1);
      const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
      require(!key.starts_with("GNU.sparse"), "the member at byte ", header_,
              " is a sparse file, which can't be read in place: unpack the archive, and pack it "
              "again without --sparse");
      if (key == "path") long_name_ = value;
      if (key == "size") {
        std::uint64_t size = 0;
        std::from_chars(value.data(), value.data() + value.size(), size);
        pax_size_ = size;
      }
      text.remove_prefix(length);
    }
  }

  void take_member() {
    const char type = static_cast<char>(block_[kTypeAt]);
    require(type != 'S', "the member at byte ", header_, ", ", name(),
            ", is a sparse file, which can't be read in place");
    if (type == '0' || type == '\0' || type == '7') {
      const TarMember member{name(), extent_.offset_bytes + at_, size_};
      const std::string slashed = "/" + member.name + "/";
      require(!member.name.starts_with('/') && slashed.find("/../") == std::string::npos,
              "the member at byte ", header_, " is called ", member.name,
              ", which leads out of the folder");
      pass_content();
      if (!member.name.ends_with('/')) members_.push_back(member);
    } else {
      pass_content();
    }
    long_name_.clear();
    pax_size_.reset();
  }

  const ReadableFile& file_;
  const TarExtent& extent_;
  std::uint64_t at_ = 0;      // from the archive's begin
  std::uint64_t header_ = 0;  // where the header in block_ began
  std::uint64_t size_ = 0;    // of its content
  Block block_{};
  std::string long_name_;  // for the member that follows
  std::optional<std::uint64_t> pax_size_;
  std::vector<TarMember> members_;
};

}  // namespace

std::vector<TarMember> list_tar(const ReadableFile& file, const TarExtent& extent) {
  return Walk(file, extent).run();
}

}  // namespace ringmaster::sharding
