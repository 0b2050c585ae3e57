// What a thread says to its processor while it spins.
#pragma once

namespace ringmaster::comm {

#if defined(__x86_64__)
inline void cpu_relax() {
  __builtin_ia32_pause();
}
#elif defined(__aarch64__)
inline void cpu_relax() {
  asm volatile("isb" ::: "memory");  // longer than `yield`, which is nothing on most cores
}
#else
inline void cpu_relax() {}
#endif

}  // namespace ringmaster::comm
