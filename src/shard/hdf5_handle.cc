#include "shard/hdf5_handle.h"

#include "base/check.h"

namespace ringmaster::shard {
namespace {

// The library's state is one for the process, so is the lock around it.
std::mutex& library_mutex() {
  static std::mutex mutex;
  return mutex;
}

// Keeps the first, innermost text.
herr_t take_text(unsigned /*number*/, const H5E_error2_t* error, void* text) {
  auto& out = *static_cast<std::string*>(text);
  if (out.empty() && error->desc != nullptr) out = error->desc;
  return 0;
}

}  // namespace

Hdf5Lock::Hdf5Lock() : held_(library_mutex()) {
  H5Eget_auto2(H5E_DEFAULT, &printer_, &printer_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Hdf5Lock::~Hdf5Lock() {
  H5Eset_auto2(H5E_DEFAULT, printer_, printer_data_);
}

void Hdf5Context::fail(const std::string& what) const {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_text, &text);
  throw Error(kind, join_text(path, ": ", what, text.empty() ? "" : " (HDF5: ", text,
                              text.empty() ? "" : ")"));
}

}  // namespace ringmaster::shard
