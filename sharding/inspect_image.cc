#include "sharding/inspect_image.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "sharding/jpeg_facts.h"

namespace ringmaster::sharding {
namespace {

struct KindRow {
  FindingKind kind;
  const char* name;
  bool bad, fixable;
};
constexpr std::array<KindRow, 11> kKinds = {{
    {FindingKind::kEmpty, "empty", true, false},
    {FindingKind::kNotAnImage, "not_an_image", true, false},
    {FindingKind::kDamaged, "damaged", true, false},
    {FindingKind::kCmyk, "cmyk", false, true},
    {FindingKind::kPngAsJpeg, "png_as_jpeg", false, true},
    {FindingKind::kRotated, "rotated", false, true},
    {FindingKind::kJpegAsPng, "jpeg_as_png", false, false},
    {FindingKind::kGrey, "grey", false, false},
    {FindingKind::kAlpha, "alpha", false, false},
    {FindingKind::kTiny, "tiny", false, false},
    {FindingKind::kHuge, "huge", false, false},
}};

const KindRow& row_of(FindingKind kind) {
  return kKinds.at(static_cast<std::size_t>(kind));
}

// First bytes of formats that pictures come in, and where in the file they stand.
struct Magic {
  std::size_t at;
  std::string_view bytes;
  const char* format;
};
constexpr std::array<Magic, 8> kOthers = {{{0, "GIF8", "GIF"},
                                           {0, "BM", "BMP"},
                                           {8, "WEBP", "WebP"},
                                           {0, std::string_view("II*\0", 4), "TIFF"},
                                           {0, std::string_view("MM\0*", 4), "TIFF"},
                                           {4, "ftypavif", "AVIF"},
                                           {4, "ftyphei", "HEIF"},
                                           {0, "<", "HTML or XML text"}}};

// "GIF", or nothing where the format is not known either.
std::string other_format(std::span<const std::byte> bytes) {
  for (const Magic& magic : kOthers) {
    if (bytes.size() >= magic.at + magic.bytes.size() &&
        std::memcmp(bytes.data() + magic.at, magic.bytes.data(), magic.bytes.size()) == 0)
      return magic.format;
  }
  return "";
}

bool begins_as_image(std::span<const std::byte> bytes) {
  constexpr std::string_view kJpeg = "\xff\xd8\xff", kPng = "\x89PNG";
  const auto begins = [&](std::string_view start) {
    return bytes.size() >= start.size() &&
           std::memcmp(bytes.data(), start.data(), start.size()) == 0;
  };
  return begins(kJpeg) || begins(kPng);
}

bool is_called_png(const std::string& name) {
  const std::string ending = name.substr(std::max<std::size_t>(name.size(), 4) - 4);
  return ending.size() == 4 && ending[0] == '.' && (ending[1] | 32) == 'p' &&
         (ending[2] | 32) == 'n' && (ending[3] | 32) == 'g';
}

Finding bad_finding(std::span<const std::byte> encoded, const std::string& problem) {
  if (encoded.empty()) return {FindingKind::kEmpty, problem};
  if (begins_as_image(encoded)) return {FindingKind::kDamaged, problem};
  const std::string format = other_format(encoded);
  if (format.empty()) return {FindingKind::kNotAnImage, problem};
  return {FindingKind::kNotAnImage,
          join_text("it is ", format, ", ", problem, ": convert it to one of them")};
}

std::string cmyk_detail(const JpegFacts& facts) {
  if (!facts.adobe) return "CMYK without Adobe's marker; taken as inverted, as Pillow does";
  return facts.adobe_transform == 2 ? "YCCK, Adobe-inverted" : "CMYK, Adobe-inverted";
}

void notice_jpeg(const std::string& name, const JpegFacts& facts, Inspection& seen) {
  seen.orientation = facts.orientation;
  if (facts.components == 4) seen.findings.push_back({FindingKind::kCmyk, cmyk_detail(facts)});
  if (is_called_png(name)) seen.findings.push_back({FindingKind::kJpegAsPng, "a JPEG called .png"});
  if (facts.orientation != 1)
    seen.findings.push_back(
        {FindingKind::kRotated, join_text("EXIF orientation ", facts.orientation)});
}

void notice_png(const std::string& name, Inspection& seen) {
  if (!is_called_png(name))
    seen.findings.push_back({FindingKind::kPngAsJpeg, "a PNG that is not called so"});
  if (seen.info.channels % 2 == 0)
    seen.findings.push_back({FindingKind::kAlpha, "with an alpha channel, which is dropped"});
}

void notice_size(Inspection& seen) {
  const shard::RecordInfo& info = seen.info;
  if (info.channels <= 2) seen.findings.push_back({FindingKind::kGrey, "grey"});
  const auto size = [&] { return join_text(info.width, " x ", info.height, " pixels"); };
  if (std::min(info.width, info.height) < kTinySide)
    seen.findings.push_back({FindingKind::kTiny, size()});
  if (std::uint64_t{info.width} * info.height > kHugePixels)
    seen.findings.push_back({FindingKind::kHuge, size()});
}

}  // namespace

const char* name_of(FindingKind kind) {
  return row_of(kind).name;
}
FindingKind parse_kind(const std::string& name) {
  for (const KindRow& row : kKinds) {
    if (row.name == name) return row.kind;
  }
  throw Error(ErrorKind::kBadData, "no kind of finding is called " + name);
}
std::vector<FindingKind> all_kinds() {
  std::vector<FindingKind> kinds;
  for (const KindRow& row : kKinds) kinds.push_back(row.kind);
  return kinds;
}
bool is_bad(FindingKind kind) {
  return row_of(kind).bad;
}
bool is_fixable(FindingKind kind) {
  return row_of(kind).fixable;
}

const Finding* Inspection::bad() const {
  return !findings.empty() && is_bad(findings.front().kind) ? &findings.front() : nullptr;
}

std::string Inspection::fixable() const {
  std::string text;
  for (const Finding& finding : findings) {
    if (is_fixable(finding.kind)) text += (text.empty() ? "" : "; ") + finding.detail;
  }
  return text;
}

Inspection inspect_image(const std::string& name, std::span<const std::byte> encoded,
                         CheckDepth depth, image::Image& scratch) {
  Inspection seen;
  try {
    seen.info = check_image(encoded, depth, scratch);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadData) throw;
    seen.findings.push_back(bad_finding(encoded, error.what()));
    return seen;
  }
  seen.decoded = depth == CheckDepth::kDecode;
  if (seen.info.codec == shard::Codec::kJpeg) {
    notice_jpeg(name, read_jpeg_facts(encoded), seen);
  } else {
    notice_png(name, seen);
  }
  notice_size(seen);
  std::stable_sort(seen.findings.begin(), seen.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.kind < b.kind; });
  return seen;
}

}  // namespace ringmaster::sharding
