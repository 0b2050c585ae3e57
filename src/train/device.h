// Where a rank computes.
#pragma once

#include <string>

#include <c10/core/Device.h>

#include "base/deadline.h"
#include "base/processors.h"
#include "comm/control.h"

namespace ringmaster::train {

// `request`: "cpu", "cuda" or "auto" (a GPU where the machine has any, else the CPU). One GPU a
// local rank: GPU number = local_rank, which becomes the calling thread's current device. Never a
// silent fallback: Error{kNotSupported} where "cuda" can't be had (a build without CUDA, no GPU,
// more local ranks than GPUs), saying which and what to do.
[[nodiscard]] c10::Device choose_device(const std::string& request, const comm::World& world);

// What a log should say of it: "cpu, 1 thread a rank", "cuda:3".
[[nodiscard]] std::string describe_device(c10::Device device, int threads);

// Threads that a rank's operators may use: `requested`, or its share of the machine's cores where
// that is 0. Results on CPU do not depend on it as long as it stays the same within a run.
[[nodiscard]] int threads_per_rank(int requested, const comm::World& world);

// Collective. How many threads that compute, `threads` a rank, there are for each processor where
// most of them share the same ones: above 1 the ranks keep each other waiting.
[[nodiscard]] double threads_per_core(comm::ControlPlane& control, const Processors& mine,
                                      int threads, Deadline deadline);

}  // namespace ringmaster::train
