// JPEGs whose rows can be decoded apart.
//
// optimise_jpeg() rewrites a JPEG without touching a coefficient: baseline, one interleaved scan,
// Huffman tables of its own, a restart marker behind every row of MCUs, and a table of where each
// row begins. Restart markers reset the decoder, so a decoder can be shown just the rows that a
// crop needs, as a JPEG of fewer rows: cut_rows() makes that one by copying bytes.
//
// The table is an APP9 segment in front of the scan (ITU-T T.81, B.2.4.6 leaves APPn to
// applications; other programs skip it):
//   "RMROWS\0", u8 version = 1, u32 x (rows + 1): where the data of row i begins, counted from the
//   first byte behind the scan's header; the last is where the last row ends. Big endian, as JPEG
//   is.
// Row i < rows - 1 ends with its restart marker FF D0 + i % 8.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "image/image.h"

namespace ringmaster::image {

// `encoded` rewritten into `out`; all its segments (EXIF, colour profile, comments) stay. Pixels
// are the same, decoded by any program. Returns false, and leaves `out` alone, for a JPEG that one
// interleaved scan can't hold (sampling factors too large). Error{kBadData} for a damaged one.
// Thread-safe.
[[nodiscard]] bool optimise_jpeg(std::span<const std::byte> encoded, std::vector<std::byte>& out);

// A JPEG of just the rows of MCUs that `crop` needs, into `out`, and where the crop lies in it; the
// crop decoded from it is pixel for pixel that of the whole. Where the crop ends within two pixels
// of a row's edge, the row beyond is there too, for the filter that scales chroma up. Only what
// decoding needs is copied of the header. Returns false, with `out` undefined, where there is no
// sound table of rows, the crop does not lie in the image, or it needs every row: decode the whole
// then.
[[nodiscard]] bool cut_rows(std::span<const std::byte> encoded, const Crop& crop,
                            std::vector<std::byte>& out, Crop& in_cut);

}  // namespace ringmaster::image
