#include "image/jpeg_decode.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "image/decode_checks.h"
#include "image/jpeg_common.h"
#include "image/jpeg_rows.h"

namespace ringmaster::image {
namespace {

// Chroma upsampling looks one chroma sample, so two pixels, to each side.
constexpr int kUpsamplingReach = 2;
// libjpeg-turbo's fast routine wants to have so many bytes before it, 512 a block of an MCU, or
// leaves the last MCUs to the slow one.
constexpr std::size_t kRoomBehind = 5120;
// Older versions count a restart interval down even where they are told that there is none.
constexpr bool kCanHideRestarts = LIBJPEG_TURBO_VERSION_NUMBER >= 2001002;

// One image being decoded: owns libjpeg's state.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> encoded) : Decoder() {
    encoded_bytes_ = encoded.size();
    guarded([&] {
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(encoded.data()), encoded.size());
      jpeg_read_header(&info_, TRUE);
    });
  }
  ~Decoder() { jpeg_destroy_decompress(&info_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  [[nodiscard]] Header header() const {
    return {Format::kJpeg, static_cast<int>(info_.image_height),
            static_cast<int>(info_.image_width), info_.num_components};
  }
  // REQUIRES: `crop` lies in the image. Once.
  void decode(const Crop& crop, Image& out);

 private:
  Decoder() {
    info_.err = errors_.set_up(/*strict=*/true);
    guarded([&] { jpeg_create_decompress(&info_); });
    info_.progress = &progress_;
  }
  template <typename Body>
  void guarded(const Body& body) {
    errors_.run(ErrorKind::kBadData, "damaged JPEG: ", body);
  }
  void choose_output();
  [[nodiscard]] JDIMENSION cut_columns(const Crop& crop);
  [[nodiscard]] bool restarts_by_row() const;
  void read_row(JSAMPLE* to, unsigned restart_interval);
  void store_row(const JSAMPLE* from, int width, std::uint8_t* to) const;

  std::size_t encoded_bytes_ = 0;
  jpeg_decompress_struct info_{};
  JpegErrors errors_{};
  jpeg_progress_mgr progress_ = scan_limit();
};

void Decoder::choose_output() {
  const J_COLOR_SPACE space = info_.jpeg_color_space;
  RM_REQUIRE(space != JCS_UNKNOWN, ErrorKind::kBadData, "JPEG of ", info_.num_components,
             " components: neither grey, colour nor CMYK");
  info_.out_color_space = info_.num_components == 4 ? JCS_CMYK : JCS_RGB;
  // Would guess at what a progressive file leaves out, from blocks that a crop does not decode.
  info_.do_block_smoothing = FALSE;
}

// Has libjpeg drop the columns that `crop` does not need; returns the image's column at which its
// rows then begin. The edge of what is decoded is treated as the image's edge by the chroma
// upsampling, so it must lie beyond that one's reach.
JDIMENSION Decoder::cut_columns(const Crop& crop) {
  const int image_width = static_cast<int>(info_.image_width);
  const int left = std::max(0, crop.left - kUpsamplingReach);
  const int right = std::min(image_width, crop.left + crop.width + kUpsamplingReach);
  if (left == 0 && right == image_width) return 0;
  auto first = static_cast<JDIMENSION>(left);
  auto width = static_cast<JDIMENSION>(right - left);
  jpeg_crop_scanline(&info_, &first, &width);  // moves `first` down to the edge of a block
  return first;
}

// Whether each restart interval is what one call of jpeg_read_scanlines() decodes at most.
bool Decoder::restarts_by_row() const {
  return kCanHideRestarts && info_.restart_interval > 0 && !info_.progressive_mode &&
         !info_.arith_code && info_.restart_interval == info_.MCUs_per_row &&
         info_.comps_in_scan == info_.num_components &&
         (info_.comps_in_scan > 1 || info_.cur_comp_info[0]->v_samp_factor == 1);
}

// libjpeg-turbo decodes all of an image that has restart markers by its slow routine, which looks
// for a marker at every byte (jdhuff.c, decode_mcu). So it is shown the interval for the first MCU
// of a row alone: there it takes the marker and starts anew; the message about that
// (jpeg_common.cc) hides the interval, and the other MCUs go the fast way, which ends at a marker.
void Decoder::read_row(JSAMPLE* to, unsigned restart_interval) {
  info_.restart_interval = restart_interval;
  JSAMPROW rows[1] = {to};
  jpeg_read_scanlines(&info_, rows, 1);
}

// CMYK is stored inverted, as Adobe does and as Pillow takes every CMYK JPEG; the formula is
// Pillow's cmyk2rgb (libImaging/Convert.c).
void Decoder::store_row(const JSAMPLE* from, int width, std::uint8_t* to) const {
  if (info_.out_color_space == JCS_RGB) {
    std::memcpy(to, from, static_cast<std::size_t>(width) * 3);
    return;
  }
  for (int x = 0; x < width; ++x, from += 4, to += 3) {
    const unsigned black = from[3];
    for (int c = 0; c < 3; ++c) {
      const unsigned product = (255u - from[c]) * black + 128;
      to[c] = static_cast<std::uint8_t>(black - (((product >> 8) + product) >> 8));
    }
  }
}

void Decoder::decode(const Crop& crop, Image& out) {
  check_density(info_, encoded_bytes_);
  choose_output();
  guarded([&] { jpeg_start_decompress(&info_); });
  prepare(crop, out);
  JDIMENSION first_column = 0;
  guarded([&] { first_column = cut_columns(crop); });
  const auto row_samples = static_cast<std::size_t>(info_.output_width) *
                           static_cast<std::size_t>(info_.output_components);
  std::vector<JSAMPLE> row(row_samples);
  const auto skip_samples = (static_cast<std::size_t>(crop.left) - first_column) *
                            static_cast<std::size_t>(info_.output_components);
  const bool whole = crop.height == static_cast<int>(info_.image_height);
  guarded([&] {
    if (crop.top > 0) jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(crop.top));
    const unsigned restart_interval = info_.restart_interval;
    errors_.hide_restarts = restarts_by_row();
    std::uint8_t* to = out.pixels.data();
    for (int y = 0; y < crop.height; ++y, to += static_cast<std::size_t>(crop.width) * 3) {
      read_row(row.data(), restart_interval);
      store_row(row.data() + skip_samples, crop.width, to);
    }
    if (whole) jpeg_finish_decompress(&info_);  // reads on to the end marker
  });
}

}  // namespace

Header read_jpeg_header(std::span<const std::byte> encoded) {
  return Decoder(encoded).header();
}

void decode_jpeg(std::span<const std::byte> encoded, const Crop& crop, Image& out) {
  std::vector<std::byte> rows;
  Crop in_rows;
  if (crop.height > 0 && cut_rows(encoded, crop, rows, in_rows)) {
    rows.resize(rows.size() + kRoomBehind);
    Decoder decoder(rows);
    check_size(decoder.header());
    decoder.decode(in_rows, out);
    return;
  }
  Decoder decoder(encoded);
  const Header header = decoder.header();
  check_size(header);
  decoder.decode(checked_crop(header, crop), out);
}

}  // namespace ringmaster::image
