#include "comm/plan.h"

#include <algorithm>

namespace ringmaster::comm {

Range chunk_range(std::int64_t count_elems, int parts, int index, std::int64_t align_elems) {
  const std::int64_t even = (count_elems + parts - 1) / parts;
  const std::int64_t size = (even + align_elems - 1) / align_elems * align_elems;
  return {std::min(count_elems, size * index), std::min(count_elems, size * (index + 1))};
}

std::int64_t segments_of(Range range, const Cut& cut) {
  return (range.size() + cut.segment_elems - 1) / cut.segment_elems;
}

Range segment_range(Range range, std::int64_t segment, const Cut& cut) {
  const std::int64_t begin = range.begin + segment * cut.segment_elems;
  return {begin, std::min(range.end, begin + cut.segment_elems)};
}

}  // namespace ringmaster::comm
