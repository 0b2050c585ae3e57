#include "image/png_decode.h"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include <png.h>

#include "base/check.h"
#include "image/decode_checks.h"

namespace ringmaster::image {
namespace {

// Deflate makes at most 1,032 bytes of one (zlib's technical notes); the rest is for short files.
constexpr std::size_t kMaxExpansion = 1040;
// Of text and colour profiles, which we do not use.
constexpr png_alloc_size_t kMaxChunkBytes = 8 << 20;

// libpng reports errors by a call that must not return.
struct ErrorState {
  std::jmp_buf jump;
  std::array<char, 200> text;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* state = static_cast<ErrorState*>(png_get_error_ptr(png));
  std::snprintf(state->text.data(), state->text.size(), "%s", message);
  std::longjmp(state->jump, 1);
}

// What libpng only warns of (an odd colour profile, say) leaves the pixels as they are.
void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void on_read(png_structp png, png_bytep out, std::size_t size_bytes) {
  auto* rest = static_cast<std::span<const std::byte>*>(png_get_io_ptr(png));
  if (rest->size() < size_bytes) png_error(png, "truncated");
  std::memcpy(out, rest->data(), size_bytes);
  *rest = rest->subspan(size_bytes);
}

// One image being decoded: owns libpng's state.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> encoded) : Decoder() {
    rest_ = encoded;
    encoded_bytes_ = encoded.size();
    guarded([&] { png_read_info(png_, info_); });
  }
  ~Decoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  [[nodiscard]] Header header() const {
    const bool colour = (png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) != 0;
    const bool alpha = (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) != 0;
    return {Format::kPng, static_cast<int>(png_get_image_height(png_, info_)),
            static_cast<int>(png_get_image_width(png_, info_)), alpha ? 4 : (colour ? 3 : 1)};
  }
  // The whole image, as RGB. Once.
  void decode(std::vector<std::uint8_t>& pixels);

 private:
  Decoder() {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &error_, on_error, on_warning);
    RM_CHECK(png_ != nullptr, "libpng refuses its own version, or memory is gone");
    guarded([&] {
      info_ = png_create_info_struct(png_);
      png_set_read_fn(png_, &rest_, on_read);
      png_set_user_limits(png_, kMaxSide, kMaxSide);
      png_set_chunk_malloc_max(png_, kMaxChunkBytes);
    });
  }
  // Runs `body`, in which libpng may jump out: nothing in it may need a destructor.
  template <typename Body>
  void guarded(const Body& body) {
    if (setjmp(error_.jump) != 0)
      throw Error(ErrorKind::kBadData, join_text("damaged PNG: ", error_.text.data()));
    body();
  }
  void choose_output();

  static constexpr png_uint_32 kMaxSide = 1 << 20;

  std::span<const std::byte> rest_;
  std::size_t encoded_bytes_ = 0;
  ErrorState error_{};
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

// 8 bits a channel, and no alpha: what Pillow's convert("RGB") gives.
void Decoder::choose_output() {
  png_set_strip_16(png_);
  png_set_packing(png_);
  png_set_expand(png_);
  png_set_gray_to_rgb(png_);
  png_set_strip_alpha(png_);
}

void Decoder::decode(std::vector<std::uint8_t>& pixels) {
  const std::size_t height = png_get_image_height(png_, info_);
  const std::size_t coded_bytes = png_get_rowbytes(png_, info_) * height;
  RM_REQUIRE(coded_bytes / kMaxExpansion <= encoded_bytes_, ErrorKind::kBadData,
             "damaged PNG: ", encoded_bytes_, " bytes can't hold ",
             png_get_image_width(png_, info_), " x ", height, " pixels");
  int passes = 0;
  guarded([&] {
    choose_output();
    passes = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  });
  const std::size_t row_bytes = png_get_rowbytes(png_, info_);
  RM_CHECK_EQ(row_bytes, std::size_t{3} * png_get_image_width(png_, info_));
  pixels.resize(height * row_bytes);
  guarded([&] {
    for (int pass = 0; pass < passes; ++pass) {
      for (std::size_t y = 0; y < height; ++y)
        png_read_row(png_, pixels.data() + y * row_bytes, nullptr);
    }
    png_read_end(png_, nullptr);
  });
}

void cut(const std::vector<std::uint8_t>& pixels, int image_width, const Crop& crop, Image& out) {
  prepare(crop, out);
  const auto out_row_bytes = static_cast<std::size_t>(crop.width) * 3;
  for (int y = 0; y < crop.height; ++y) {
    const auto first =
        static_cast<std::size_t>(crop.top + y) * static_cast<std::size_t>(image_width) +
        static_cast<std::size_t>(crop.left);
    std::memcpy(out.pixels.data() + static_cast<std::size_t>(y) * out_row_bytes,
                pixels.data() + first * 3, out_row_bytes);
  }
}

}  // namespace

Header read_png_header(std::span<const std::byte> encoded) {
  return Decoder(encoded).header();
}

void decode_png(std::span<const std::byte> encoded, const Crop& crop, Image& out) {
  Decoder decoder(encoded);
  const Header header = decoder.header();
  check_size(header);
  const Crop checked = checked_crop(header, crop);
  if (checked == Crop{0, 0, header.height, header.width}) {
    prepare(checked, out);
    decoder.decode(out.pixels);
    return;
  }
  std::vector<std::uint8_t> pixels;
  decoder.decode(pixels);
  cut(pixels, header.width, checked, out);
}

}  // namespace ringmaster::image
