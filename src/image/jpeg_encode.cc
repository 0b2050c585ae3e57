#include "image/jpeg_encode.h"

#include <cstdlib>

#include "base/check.h"
#include "image/jpeg_common.h"

namespace ringmaster::image {
namespace {

// Owns libjpeg's state and the memory that it writes to.
class Encoder {
 public:
  Encoder() {
    info_.err = errors_.set_up(/*strict=*/false);
    guarded([&] { jpeg_create_compress(&info_); });
  }
  ~Encoder() {
    jpeg_destroy_compress(&info_);
    std::free(data_);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  void encode(const Image& image, const JpegOptions& options, std::vector<std::byte>& out) {
    guarded([&] { jpeg_mem_dest(&info_, &data_, &size_bytes_); });
    guarded([&] { begin(image, options); });
    const auto row_bytes =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
    guarded([&] {
      while (info_.next_scanline < info_.image_height) {
        JSAMPROW row = const_cast<JSAMPLE*>(image.pixels.data() + info_.next_scanline * row_bytes);
        jpeg_write_scanlines(&info_, &row, 1);
      }
      jpeg_finish_compress(&info_);
    });
    const auto* const bytes = reinterpret_cast<const std::byte*>(data_);
    out.assign(bytes, bytes + size_bytes_);
  }

 private:
  template <typename Body>
  void guarded(const Body& body) {
    errors_.run(ErrorKind::kInternal, "encoding a JPEG: ", body);
  }

  void begin(const Image& image, const JpegOptions& options) {
    info_.image_width = static_cast<JDIMENSION>(image.width);
    info_.image_height = static_cast<JDIMENSION>(image.height);
    info_.input_components = image.channels;
    info_.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, options.quality, TRUE);
    info_.optimize_coding = options.optimise ? TRUE : FALSE;
    if (image.channels == 3 && options.full_chroma)
      info_.comp_info[0].h_samp_factor = info_.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&info_, TRUE);
  }

  jpeg_compress_struct info_{};
  JpegErrors errors_{};
  unsigned char* data_ = nullptr;
  unsigned long size_bytes_ = 0;
};

}  // namespace

void encode_jpeg(const Image& image, const JpegOptions& options, std::vector<std::byte>& out) {
  RM_CHECK(image.channels == 1 || image.channels == 3, image.channels, " channels");
  Encoder().encode(image, options, out);
}

}  // namespace ringmaster::image
