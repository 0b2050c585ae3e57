#pragma once

#include <cstddef>

namespace ringmaster::ckpt {

// Page-aligned host memory that is there already: every page is faulted in when the constructor
// returns, on huge pages where the system has them. Writing to fresh memory for the first time
// takes longer than copying a checkpoint into it.
class HostArena {
 public:
  explicit HostArena(std::size_t size_bytes);  // Error{kIo} where there is not so much memory
  ~HostArena();
  HostArena(const HostArena&) = delete;
  HostArena& operator=(const HostArena&) = delete;

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }

 private:
  std::size_t size_bytes_;
  std::byte* data_ = nullptr;
};

}  // namespace ringmaster::ckpt
