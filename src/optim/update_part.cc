#include "optim/update_part.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace ringmaster::optim {

std::vector<UpdatePart> split_update(const std::vector<std::int64_t>& slot_offsets_elems,
                                     std::int64_t elems, int parts) {
  RM_CHECK_LT(0, parts);
  std::vector<UpdatePart> split;
  std::int64_t begin = 0;
  for (int part = 1; part <= parts; ++part) {
    std::int64_t end = elems;
    if (part < parts && !slot_offsets_elems.empty()) {
      // The slot that begins nearest to where the part should end.
      const std::int64_t ideal = elems * part / parts;
      auto after = std::lower_bound(slot_offsets_elems.begin(), slot_offsets_elems.end(), ideal);
      end = after == slot_offsets_elems.end() ? elems : *after;
      if (after != slot_offsets_elems.begin() && ideal - *std::prev(after) < end - ideal)
        end = *std::prev(after);
    }
    split.push_back({begin, end});
    begin = end;
  }
  return split;
}

}  // namespace ringmaster::optim
