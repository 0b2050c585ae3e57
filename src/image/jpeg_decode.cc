#include "image/jpeg_decode.h"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h uses FILE without including it
#include <cstring>
#include <vector>

#include <jerror.h>
#include <jpeglib.h>

#include "base/check.h"
#include "image/decode_checks.h"

namespace ringmaster::image {
namespace {

// A file of more scans is made to keep a decoder busy: real progressive files have about ten.
constexpr int kMaxScans = 500;
// Huffman coding spends at least a bit on each 8 x 8 block of a component, which is at most 910
// pixels a byte at the oddest subsampling.
constexpr std::size_t kMaxPixelsPerByte = 1024;
// Chroma upsampling looks one chroma sample, so two pixels, to each side.
constexpr int kUpsamplingReach = 2;

// libjpeg reports errors by a call that must not return.
struct ErrorState {
  jpeg_error_mgr manager;  // first: libjpeg hands back a pointer to it
  std::jmp_buf jump;
  std::array<char, JMSG_LENGTH_MAX> text;
};

[[noreturn]] void on_error(j_common_ptr info) {
  auto* state = reinterpret_cast<ErrorState*>(info->err);
  (*info->err->format_message)(info, state->text.data());
  std::longjmp(state->jump, 1);
}

// Warnings of libjpeg stand for lost pixels, but for these. Bytes left over before a marker are
// common at the end of a scan of real files (ImageNet has some); before a restart marker they mean
// that the interval was damaged.
bool is_harmless(const jpeg_error_mgr& manager) {
  switch (manager.msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
      return true;
    case JWRN_EXTRANEOUS_DATA: {
      const int marker = manager.msg_parm.i[1];
      return marker < JPEG_RST0 || marker > JPEG_RST0 + 7;
    }
    default:
      return false;
  }
}

void on_message(j_common_ptr info, int level) {
  if (level < 0 && !is_harmless(*info->err)) on_error(info);
}

void on_progress(j_common_ptr info) {
  const auto* decompress = reinterpret_cast<j_decompress_ptr>(info);
  if (decompress->input_scan_number <= kMaxScans) return;
  auto* state = reinterpret_cast<ErrorState*>(info->err);
  std::snprintf(state->text.data(), state->text.size(), "more than %d scans", kMaxScans);
  std::longjmp(state->jump, 1);
}

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
    info_.err = jpeg_std_error(&error_.manager);
    error_.manager.error_exit = on_error;
    error_.manager.emit_message = on_message;
    guarded([&] { jpeg_create_decompress(&info_); });
    info_.progress = &progress_;
  }
  // Runs `body`, in which libjpeg may jump out: nothing in it may need a destructor.
  template <typename Body>
  void guarded(const Body& body) {
    if (setjmp(error_.jump) != 0)
      throw Error(ErrorKind::kBadData, join_text("damaged JPEG: ", error_.text.data()));
    body();
  }
  void check_density() const;
  void choose_output();
  [[nodiscard]] JDIMENSION cut_columns(const Crop& crop);
  void store_row(const JSAMPLE* from, int width, std::uint8_t* to) const;

  std::size_t encoded_bytes_ = 0;
  jpeg_decompress_struct info_{};
  ErrorState error_{};
  jpeg_progress_mgr progress_{on_progress, 0, 0, 0, 0};
};

// A header that promises what the file is too short for must not make us allocate it.
void Decoder::check_density() const {
  const auto pixels = static_cast<std::size_t>(info_.image_height) * info_.image_width;
  RM_REQUIRE(info_.arith_code || pixels / kMaxPixelsPerByte <= encoded_bytes_, ErrorKind::kBadData,
             "damaged JPEG: ", encoded_bytes_, " bytes can't hold ", info_.image_width, " x ",
             info_.image_height, " pixels");
}

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
  check_density();
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
    JSAMPROW rows[1] = {row.data()};
    std::uint8_t* to = out.pixels.data();
    for (int y = 0; y < crop.height; ++y, to += static_cast<std::size_t>(crop.width) * 3) {
      jpeg_read_scanlines(&info_, rows, 1);
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
  Decoder decoder(encoded);
  const Header header = decoder.header();
  check_size(header);
  decoder.decode(checked_crop(header, crop), out);
}

}  // namespace ringmaster::image
