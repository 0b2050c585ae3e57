#include <cstdlib>
#include <cstring>

#include "image/decode_checks.h"
#include "image/jpeg_common.h"
#include "image/jpeg_decode.h"
#include "image/jpeg_row_table.h"
#include "image/jpeg_rows.h"
#include "image/jpeg_segments.h"

namespace ringmaster::image {
namespace {

constexpr unsigned kWholeMarker = 0xFFFF;
constexpr int kMaxBlocksInMcu = 10;  // T.81, B.2.3

bool fits_one_scan(const jpeg_decompress_struct& info) {
  if (info.num_components == 1) return true;
  int blocks = 0;
  for (int c = 0; c < info.num_components; ++c)
    blocks += info.comp_info[c].h_samp_factor * info.comp_info[c].v_samp_factor;
  return info.num_components <= MAX_COMPS_IN_SCAN && blocks <= kMaxBlocksInMcu;
}

bool starts_with(const jpeg_marker_struct& marker, const char* name, unsigned length) {
  return marker.data_length >= length && std::memcmp(marker.data, name, length) == 0;
}

// libjpeg's state for reading coefficients and writing them again, with the memory written to.
class Transcoder {
 public:
  explicit Transcoder(std::span<const std::byte> encoded) : Transcoder() {
    run([&] {
      jpeg_mem_src(&from_, reinterpret_cast<const unsigned char*>(encoded.data()), encoded.size());
      jpeg_save_markers(&from_, JPEG_COM, kWholeMarker);
      for (int n = 0; n < 16; ++n) jpeg_save_markers(&from_, JPEG_APP0 + n, kWholeMarker);
      jpeg_read_header(&from_, TRUE);
    });
    check_density(from_, encoded.size());
  }
  ~Transcoder() {
    jpeg_destroy_compress(&to_);
    jpeg_destroy_decompress(&from_);
    std::free(data_);
  }
  Transcoder(const Transcoder&) = delete;
  Transcoder& operator=(const Transcoder&) = delete;

  [[nodiscard]] bool possible() const { return fits_one_scan(from_); }

  [[nodiscard]] std::span<const std::byte> transcode() {
    run([&] {
      jvirt_barray_ptr* const coefficients = jpeg_read_coefficients(&from_);
      jpeg_mem_dest(&to_, &data_, &size_bytes_);
      jpeg_copy_critical_parameters(&from_, &to_);
      to_.optimize_coding = TRUE;
      to_.restart_in_rows = 1;
      jpeg_write_coefficients(&to_, coefficients);
      copy_markers();
      jpeg_finish_compress(&to_);
      jpeg_finish_decompress(&from_);
    });
    return {reinterpret_cast<const std::byte*>(data_), size_bytes_};
  }

 private:
  // Apart, so that what a throw of the other one leaves is destroyed.
  Transcoder() {
    from_.err = errors_.set_up(/*strict=*/true);
    to_.err = &errors_.manager;
    run([&] { jpeg_create_decompress(&from_); });
    run([&] { jpeg_create_compress(&to_); });
    from_.progress = &limit_;
  }
  template <typename Body>
  void run(const Body& body) {
    errors_.run(ErrorKind::kBadData, "damaged JPEG: ", body);
  }
  // Those that libjpeg does not write by itself, and no table of rows of an earlier time.
  void copy_markers() {
    for (const jpeg_marker_struct* m = from_.marker_list; m != nullptr; m = m->next) {
      const bool jfif = m->marker == JPEG_APP0 && starts_with(*m, "JFIF", 5);
      const bool adobe = m->marker == JPEG_APP0 + 14 && starts_with(*m, "Adobe", 5);
      const bool rows = m->marker == JPEG_APP0 + 9 && starts_with(*m, "RMROWS", 7);
      if (rows || (jfif && to_.write_JFIF_header) || (adobe && to_.write_Adobe_marker)) continue;
      jpeg_write_marker(&to_, m->marker, m->data, m->data_length);
    }
  }

  JpegErrors errors_{};
  jpeg_progress_mgr limit_ = scan_limit();
  jpeg_decompress_struct from_{};
  jpeg_compress_struct to_{};
  unsigned char* data_ = nullptr;
  unsigned long size_bytes_ = 0;
};

// Puts the table of rows in front of the scan. Nothing to do for an image of one row.
void insert_table(std::span<const std::byte> encoded, std::vector<std::byte>& out) {
  out.assign(encoded.begin(), encoded.end());
  const std::vector<JpegSegment> segments = read_segments(encoded);
  RM_CHECK(!segments.empty(), "libjpeg wrote no scan");
  const JpegSegment& scan = segments.back();
  const auto rows = find_rows(encoded.subspan(scan.begin + scan.size_bytes));
  if (rows.size() < 3 || rows.size() > kMaxTableRows + 1) return;
  const std::vector<std::byte> table = encode_row_table(rows);
  out.insert(out.begin() + static_cast<std::ptrdiff_t>(scan.begin), table.begin(), table.end());
}

}  // namespace

bool optimise_jpeg(std::span<const std::byte> encoded, std::vector<std::byte>& out) {
  check_size(read_jpeg_header(encoded));
  Transcoder transcoder(encoded);
  if (!transcoder.possible()) return false;
  insert_table(transcoder.transcode(), out);
  return true;
}

}  // namespace ringmaster::image
