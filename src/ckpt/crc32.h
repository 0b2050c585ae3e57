#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringmaster::ckpt {

// The CRC-32 of zip files (polynomial 0xEDB88320, reflected, inverted before and after).
[[nodiscard]] std::uint32_t crc32(std::span<const std::byte> data);

}  // namespace ringmaster::ckpt
