// Device memory that NCCL can send from and receive into without a copy of its own.
#pragma once

#include <cstddef>

namespace ringmaster::comm {

// Zeroed memory of the device that was current when it was made, aligned to 256 bytes or more.
// From ncclMemAlloc, so that a communicator can register it, and from cudaMalloc on devices and
// drivers where that can't be had.
class NcclBuffer {
 public:
  // Error{kNotSupported} when the device has not that much free memory. `bytes` may be 0: no
  // memory.
  explicit NcclBuffer(std::size_t bytes);
  // Waits for the device's work on the memory; after leak() it stays allocated.
  ~NcclBuffer();
  NcclBuffer(const NcclBuffer&) = delete;
  NcclBuffer& operator=(const NcclBuffer&) = delete;

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }
  [[nodiscard]] const char* source() const { return by_nccl_ ? "ncclMemAlloc" : "cudaMalloc"; }

  // For memory that a kernel which can't be stopped still uses: freeing it would wait for ever, or
  // pull it from under the kernel. It goes with the process.
  void leak() { data_ = nullptr; }

 private:
  void release();

  std::size_t size_bytes_;
  std::byte* data_ = nullptr;
  bool by_nccl_ = false;
};

}  // namespace ringmaster::comm
