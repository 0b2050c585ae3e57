// What every use of libjpeg-turbo needs: errors that become exceptions, and checks against files
// made to keep a reader busy.
#pragma once

#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>  // jpeglib.h uses FILE without including it

#include <jpeglib.h>

#include "base/check.h"

namespace ringmaster::image {

// libjpeg reports errors by a call that must not return.
struct JpegErrors {
  jpeg_error_mgr manager;  // first: libjpeg hands back a pointer to it
  std::jmp_buf jump;
  std::array<char, JMSG_LENGTH_MAX> text;
  bool hide_restarts = false;  // after each restart marker; see jpeg_decode.cc

  // Errors end in run(). With `strict`, so do warnings that stand for lost pixels.
  jpeg_error_mgr* set_up(bool strict);

  // Runs `body`, in which libjpeg may jump out: nothing in it may need a destructor. Error{`kind`}
  // with `what` and libjpeg's text.
  template <typename Body>
  void run(ErrorKind kind, const char* what, const Body& body) {
    if (setjmp(jump) != 0) throw Error(kind, join_text(what, text.data()));
    body();
  }
};

// For jpeg_decompress_struct::progress: ends a file of more scans than any real one has. REQUIRES:
// errors set up by JpegErrors.
[[nodiscard]] jpeg_progress_mgr scan_limit();

// A header that promises what the file is too short for must not make us allocate it:
// Error{kBadData}.
void check_density(const jpeg_decompress_struct& info, std::size_t encoded_bytes);

}  // namespace ringmaster::image
