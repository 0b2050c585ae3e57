#include "tests/support/photo.h"

#include <algorithm>
#include <cmath>
#include <cstdio>  // jpeglib.h uses FILE without including it
#include <cstdlib>
#include <cstring>

#include <jpeglib.h>

#include "base/philox.h"

namespace ringmaster::testing {
namespace {

constexpr jpeg_scan_info kScanByScan[] = {
    {1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};

void set_up(jpeg_compress_struct& info, int height, int width, const JpegKind& kind) {
  info.image_height = static_cast<JDIMENSION>(height);
  info.image_width = static_cast<JDIMENSION>(width);
  info.input_components = kind.channels;
  info.in_color_space =
      kind.channels == 1 ? JCS_GRAYSCALE : (kind.channels == 3 ? JCS_RGB : JCS_CMYK);
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, kind.quality, TRUE);
  if (kind.channels == 3) {
    info.comp_info[0].h_samp_factor = kind.chroma_horizontal;
    info.comp_info[0].v_samp_factor = kind.chroma_vertical;
  }
  if (kind.progressive) jpeg_simple_progression(&info);
  info.restart_in_rows = kind.restart_rows;
  if (kind.scan_by_scan) {
    info.scan_info = kScanByScan;
    info.num_scans = kind.channels;
  }
}

}  // namespace

std::vector<std::uint8_t> photo_pixels(int height, int width, int channels, std::uint64_t seed) {
  RandomStream random(seed, RandomUse::kTest, 0, 0);
  const double wave = random.uniform(20, 60), lean = random.uniform(-1, 1);
  std::vector<std::uint8_t> pixels;
  pixels.reserve(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
                 static_cast<std::size_t>(channels));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double edge = (x / 23 + y / 17) % 2 == 0 ? 40 : -40;
      for (int c = 0; c < channels; ++c) {
        const double smooth = 70 * std::sin((x + lean * y) / wave + 2 * c);
        const double value = 128 + smooth + edge * (c + 1) / 3 + random.uniform(-8, 8);
        pixels.push_back(static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0)));
      }
    }
  }
  return pixels;
}

// The standard error manager ends the process on an error: fine here, as its input is ours.
std::vector<std::byte> encode_jpeg(const std::vector<std::uint8_t>& pixels, int height, int width,
                                   const JpegKind& kind) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size_bytes = 0;
  jpeg_mem_dest(&info, &buffer, &size_bytes);
  set_up(info, height, width, kind);
  jpeg_start_compress(&info, TRUE);
  const auto row_bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(kind.channels);
  for (int y = 0; y < height; ++y) {
    JSAMPROW row =
        const_cast<std::uint8_t*>(pixels.data()) + static_cast<std::size_t>(y) * row_bytes;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::vector<std::byte> encoded(size_bytes);
  std::memcpy(encoded.data(), buffer, size_bytes);
  std::free(buffer);
  return encoded;
}

}  // namespace ringmaster::testing
