#include "image/resize.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/from_blob.h>

#include "base/check.h"

namespace ringmaster::image {
namespace {

// A view: 1 x 3 x height x width with channels-last strides, which is how an Image lies in memory.
at::Tensor view_of(const std::uint8_t* pixels, std::int64_t height, std::int64_t width) {
  return at::from_blob(const_cast<std::uint8_t*>(pixels), {1, 3, height, width},
                       {height * width * 3, 1, width * 3, 3}, at::kByte);
}

}  // namespace

void resize_rgb(const Image& source, int height, int width, Image& out) {
  RM_CHECK_EQ(source.channels, 3);
  RM_CHECK(source.height > 0 && source.width > 0 && height > 0 && width > 0,
           "sizes must be positive");
  out.channels = 3;
  out.height = height;
  out.width = width;
  if (source.height == height && source.width == width) {
    out.pixels = source.pixels;
    return;
  }
  out.pixels.resize(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3);
  const at::NoGradGuard no_grad;
  at::Tensor result = view_of(out.pixels.data(), height, width);
  at::_upsample_bilinear2d_aa_out(result,
                                  view_of(source.pixels.data(), source.height, source.width),
                                  {height, width}, /*align_corners=*/false);
}

}  // namespace ringmaster::image
