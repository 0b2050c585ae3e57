#include "image/shrink.h"

// Compiled here and not taken from Debian's libstb, whose assertions end the program: that the
// weights of a pixel add up to about 1 is asserted just before they are divided by their sum, and
// is not so for some sizes that shrink by less than a fifth.
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#define STBIR_ASSERT(condition) static_cast<void>(0)
#include <stb_image_resize.h>

#include "base/check.h"

namespace ringmaster::image {

void shrink(const Image& source, int height, int width, Image& out) {
  RM_CHECK(height > 0 && width > 0 && source.height > 0 && source.width > 0);
  out.height = height;
  out.width = width;
  out.channels = source.channels;
  out.pixels.resize(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
                    static_cast<std::size_t>(source.channels));
  const int done = stbir_resize_uint8_generic(
      source.pixels.data(), source.width, source.height, 0, out.pixels.data(), width, height, 0,
      source.channels, STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP, STBIR_FILTER_TRIANGLE,
      STBIR_COLORSPACE_LINEAR, nullptr);
  RM_CHECK(done == 1, "no memory to resize ", source.width, " x ", source.height);
}

}  // namespace ringmaster::image
