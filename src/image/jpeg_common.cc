#include "image/jpeg_common.h"

#include <jerror.h>

namespace ringmaster::image {
namespace {

// A file of more scans is made to keep a decoder busy: real progressive files have about ten.
constexpr int kMaxScans = 500;
// Huffman coding spends at least a bit on each 8 x 8 block of a component, which is at most 910
// pixels a byte at the oddest subsampling.
constexpr std::size_t kMaxPixelsPerByte = 1024;

[[noreturn]] void on_error(j_common_ptr info) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  (*info->err->format_message)(info, errors->text.data());
  std::longjmp(errors->jump, 1);
}

// Warnings of libjpeg stand for lost pixels, but for these. Bytes left over before a marker are
// common at the end of a scan of real files (ImageNet has some); before a restart marker they mean
// that the interval was damaged.
bool is_harmless(const jpeg_error_mgr& manager) {
  switch (manager.msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
      return true;
    case JWRN_EXTRANEOUS_DATA: {
      const int marker = manager.msg_parm.i[1];
      return marker < JPEG_RST0 || marker > JPEG_RST0 + 7;
    }
    default:
      return false;
  }
}

void on_message(j_common_ptr info, int level) {
  if (level < 0 && !is_harmless(*info->err)) on_error(info);
  // A trace message, sent for every restart marker that was expected.
  if (info->err->msg_code == JTRC_RST && reinterpret_cast<JpegErrors*>(info->err)->hide_restarts)
    reinterpret_cast<j_decompress_ptr>(info)->restart_interval = 0;
}

void on_progress(j_common_ptr info) {
  const auto* decompress = reinterpret_cast<j_decompress_ptr>(info);
  if (decompress->input_scan_number <= kMaxScans) return;
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  std::snprintf(errors->text.data(), errors->text.size(), "more than %d scans", kMaxScans);
  std::longjmp(errors->jump, 1);
}

}  // namespace

jpeg_error_mgr* JpegErrors::set_up(bool strict) {
  jpeg_std_error(&manager);
  manager.error_exit = on_error;
  if (strict) manager.emit_message = on_message;
  return &manager;
}

jpeg_progress_mgr scan_limit() {
  return {on_progress, 0, 0, 0, 0};
}

void check_density(const jpeg_decompress_struct& info, std::size_t encoded_bytes) {
  const auto pixels = static_cast<std::size_t>(info.image_height) * info.image_width;
  RM_REQUIRE(info.arith_code || pixels / kMaxPixelsPerByte <= encoded_bytes, ErrorKind::kBadData,
             "damaged JPEG: ", encoded_bytes, " bytes can't hold ", info.image_width, " x ",
             info.image_height, " pixels");
}

}  // namespace ringmaster::image
