// With SSE2, which every x86-64 processor has: wider registers don't make memory faster.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include <emmintrin.h>

#include "base/stream_copy.h"

namespace ringmaster {
namespace {

constexpr std::size_t kLineBytes = 64;

}  // namespace

void stream_copy(std::byte* to, const std::byte* from, std::size_t size_bytes) {
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(to) % kLineBytes;
  const std::size_t head = std::min(size_bytes, (kLineBytes - misaligned) % kLineBytes);
  const std::size_t lines = (size_bytes - head) / kLineBytes;
  std::memcpy(to, from, head);
  auto* out = reinterpret_cast<__m128i*>(to + head);
  const auto* in = reinterpret_cast<const __m128i*>(from + head);
  for (std::size_t line = 0; line < lines; ++line, in += 4, out += 4) {
    const __m128i a = _mm_loadu_si128(in), b = _mm_loadu_si128(in + 1);
    const __m128i c = _mm_loadu_si128(in + 2), d = _mm_loadu_si128(in + 3);
    _mm_stream_si128(out, a);
    _mm_stream_si128(out + 1, b);
    _mm_stream_si128(out + 2, c);
    _mm_stream_si128(out + 3, d);
  }
  _mm_sfence();  // such stores are not ordered with those that tell another thread of them
  std::memcpy(out, in, size_bytes - head - lines * kLineBytes);
}

}  // namespace ringmaster
