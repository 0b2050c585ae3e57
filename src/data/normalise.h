// From 8-bit pixels to what the network computes with.
#pragma once

#include <array>
#include <cstdint>

#include "data/transform.h"

namespace ringmaster::data {

// Per channel, of values in [0, 1]: ImageNet's, as torchvision's recipes have them.
struct Normalisation {
  std::array<float, 3> mean = {0.485f, 0.456f, 0.406f};
  std::array<float, 3> deviation = {0.229f, 0.224f, 0.225f};
};

// Writes (pixel / 255 - mean) / deviation, and 0 where the view is erased, side * side * 3 floats,
// row by row and channels last, computed as pixel * scale + bias: within 1e-6 of torchvision's.
void write_float(const PixelView& view, const Normalisation& normalisation, float* out);

// Writes the pixels as they are, those to be erased too: side * side * 3 bytes.
void write_bytes(const PixelView& view, std::uint8_t* out);

}  // namespace ringmaster::data
