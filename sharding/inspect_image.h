// Everything that is noticed about one image of a source, with one decode at most.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sharding/image_check.h"

namespace ringmaster::sharding {

enum class FindingKind {
  kEmpty,       // zero bytes
  kNotAnImage,  // neither JPEG nor PNG: names what it is instead, where that is known
  kDamaged,     // truncated, or the decoder says what is wrong
  kCmyk,        // CMYK or YCCK JPEG, with or without Adobe's inversion
  kPngAsJpeg,   // a PNG that is not called so, as ImageNet has one
  kRotated,     // EXIF says that it is to be turned; ImageFolder and Ringmaster show it as stored
  kJpegAsPng,
  kGrey,
  kAlpha,  // PNG with an alpha channel, which is dropped
  kTiny,
  kHuge,
};

// "empty", "not_an_image", ...
[[nodiscard]] const char* name_of(FindingKind kind);
// Error{kBadData} for no kind's name.
[[nodiscard]] FindingKind parse_kind(const std::string& name);
[[nodiscard]] std::vector<FindingKind> all_kinds();
// Whether training can't use such a file: what --bad is about.
[[nodiscard]] bool is_bad(FindingKind kind);
// Whether --bad fix transcodes such a file.
[[nodiscard]] bool is_fixable(FindingKind kind);

// A shorter side of less is noticed as tiny: ImageNet's smallest images, icons of no content.
inline constexpr std::uint32_t kTinySide = 32;
// More pixels are noticed as huge: 4,096 squared.
inline constexpr std::uint64_t kHugePixels = std::uint64_t{1} << 24;

struct Finding {
  FindingKind kind = FindingKind::kDamaged;
  std::string detail;
  bool operator==(const Finding&) const = default;
};

struct Inspection {
  shard::RecordInfo info;         // as check_image(); nothing where there is a bad finding
  std::vector<Finding> findings;  // in the order of FindingKind
  int orientation = 1;            // EXIF's
  bool decoded = false;           // the pixels are in `scratch`
  // The finding because of which training can't use the file, or null.
  [[nodiscard]] const Finding* bad() const;
  // "CMYK, Adobe-inverted; rotated, EXIF 6": what --bad fix is about. Empty where there is nothing.
  [[nodiscard]] std::string fixable() const;
};

// `name` is looked at for its ending alone. Any number of threads, each with its own `scratch`.
[[nodiscard]] Inspection inspect_image(const std::string& name, std::span<const std::byte> encoded,
                                       CheckDepth depth, image::Image& scratch);

}  // namespace ringmaster::sharding
