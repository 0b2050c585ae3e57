// Which part of an update an optimizer makes, where several share the work.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ringmaster::optim {

// Elements [begin_elems, end_elems) of flat memory.
struct UpdatePart {
  std::int64_t begin_elems = 0;
  std::int64_t end_elems = std::numeric_limits<std::int64_t>::max();
  [[nodiscard]] bool has(std::int64_t elem) const {
    return begin_elems <= elem && elem < end_elems;
  }
  bool operator==(const UpdatePart&) const = default;
};

// Flat memory of `elems` elements as `parts` parts of about the same size, in order and without
// gaps; each ends where a slot begins, so that no slot lies in two. Parts may be empty.
// `slot_offsets_elems`: where the slots begin, ascending.
[[nodiscard]] std::vector<UpdatePart> split_update(
    const std::vector<std::int64_t>& slot_offsets_elems, std::int64_t elems, int parts);

// What an optimizer is given that does not update all of its parameters.
struct UpdateWork {
  UpdatePart part;      // no slot may begin within it and end beyond it
  at::Tensor momentum;  // for all parameters, zeroed; undefined: it makes its own
};

}  // namespace ringmaster::optim
