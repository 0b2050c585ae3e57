// Ownership of what the HDF5 library hands out.
#pragma once

#include <mutex>
#include <string>

#include <hdf5.h>

#include "base/error.h"

namespace ringmaster::shard {

// Held around every use of the library. It keeps the library from printing its errors, too.
class Hdf5Lock {
 public:
  Hdf5Lock();
  ~Hdf5Lock();
  Hdf5Lock(const Hdf5Lock&) = delete;
  Hdf5Lock& operator=(const Hdf5Lock&) = delete;

 private:
  std::lock_guard<std::mutex> held_;
  H5E_auto2_t printer_ = nullptr;
  void* printer_data_ = nullptr;
};

// Whose file it is and what its errors count as.
struct Hdf5Context {
  std::string path;
  ErrorKind kind;
  // With what the library says of its last error.
  [[noreturn]] void fail(const std::string& what) const;
  void check(herr_t result, const std::string& what) const {
    if (result < 0) fail(what);
  }
};

// An identifier and how it is closed. REQUIRES: an Hdf5Lock outlives it.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Handle(const Hdf5Context& context, hid_t id, Close close, const std::string& what)
      : id_(id), close_(close) {
    if (id < 0) context.fail(what);
  }
  ~Hdf5Handle() { close_(id_); }
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  operator hid_t() const { return id_; }  // NOLINT: it stands for the identifier

 private:
  hid_t id_;
  Close close_;
};

}  // namespace ringmaster::shard
