// Sleeping on a 32-bit word in memory that processes may share (futex(2)).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace ringmaster::comm {

// Sleeps until futex_wake() on the same word (at whatever address it is mapped), at most
// `at_most`. Returns at once where the word is not `expected`. May return for no reason.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::microseconds at_most);
// Wakes all that sleep on the word.
void futex_wake(std::atomic<std::uint32_t>& word);

}  // namespace ringmaster::comm
