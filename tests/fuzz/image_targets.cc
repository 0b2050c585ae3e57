#include <vector>

#include "base/check.h"
#include "image/image.h"
#include "image/jpeg_rows.h"
#include "sharding/inspect_image.h"
#include "tests/fuzz/reseal.h"
#include "tests/fuzz/targets.h"

namespace ringmaster::fuzz {
namespace {

// What pack and training do with a file, whole and a crop of its middle.
void use(Input encoded) {
  image::Image pixels;
  (void)sharding::inspect_image("train/a/x.JPEG", encoded, sharding::CheckDepth::kHeader, pixels);
  const image::Header header = image::read_header(encoded);
  const image::Crop middle{header.height / 3, header.width / 3, (header.height + 2) / 3,
                           (header.width + 2) / 3};
  image::decode_rgb(encoded, middle, pixels);
  image::decode_rgb(encoded, {}, pixels);
}

}  // namespace

void read_jpeg(Input input) {
  use(input);
  std::vector<std::byte> fast;
  if (!image::optimise_jpeg(input, fast)) return;
  image::Image before, after;
  image::decode_rgb(input, {}, before);
  image::decode_rgb(fast, {}, after);
  RM_CHECK(before.pixels == after.pixels, "optimise_jpeg changed pixels");
}

// A file that comes with a table of rows.
void read_jpeg_rows(Input input) {
  const image::Crop crop{20, 8, 12, 16};
  std::vector<std::byte> rows;
  image::Crop in_rows;
  if (image::cut_rows(input, crop, rows, in_rows)) {
    image::Image pixels;
    image::decode_rgb(rows, in_rows, pixels);
  }
  use(input);
}

void read_png(Input input) {
  Bytes bytes(input.begin(), input.end());
  reseal_png(bytes);
  use(bytes);
}

}  // namespace ringmaster::fuzz
