#pragma once

#include <cstdint>

namespace ringmaster::image {

// The level of an RGB pixel in Pillow's convert("L"): ITU-R BT.601 in 16-bit fixed point.
inline std::uint8_t grey_of(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >>
                                   16);
}

}  // namespace ringmaster::image
