#include "grad/bucket_plan.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"

namespace ringmaster::grad {
namespace {

std::int64_t align_up(std::int64_t elems, std::size_t elem_bytes) {
  const auto step = static_cast<std::int64_t>(std::max<std::size_t>(1, 64 / elem_bytes));
  return (elems + step - 1) / step * step;
}

// Lays `tensor` at `*end` and moves the end behind it.
Slot lay(const TensorSize& tensor, std::size_t elem_bytes, std::int64_t* end) {
  RM_CHECK_LE(0, tensor.count_elems, tensor.name);
  Slot slot{tensor.name, *end, tensor.count_elems};
  *end = align_up(*end + tensor.count_elems, elem_bytes);
  return slot;
}

std::vector<Bucket> fill_buckets(const std::vector<Slot>& slots, std::int64_t end_elems,
                                 const BucketOptions& options) {
  std::vector<Bucket> buckets;
  const auto capacity = [&] {
    return static_cast<std::int64_t>(
        (buckets.size() <= 1 ? options.first_bucket_bytes : options.bucket_bytes) /
        options.elem_bytes);
  };
  for (std::size_t s = 0; s < slots.size(); ++s) {
    const std::int64_t slot_end = s + 1 < slots.size() ? slots[s + 1].offset_elems : end_elems;
    if (buckets.empty() || slot_end - buckets.back().offset_elems > capacity()) {
      buckets.push_back({s, s, slots[s].offset_elems, 0});
    }
    buckets.back().last_slot = s + 1;
    buckets.back().count_elems = slot_end - buckets.back().offset_elems;
  }
  return buckets;
}

// A plan without buckets.
BucketPlan lay_out(const std::vector<TensorSize>& parameters,
                   const std::vector<TensorSize>& statistics, std::size_t elem_bytes) {
  BucketPlan plan;
  std::int64_t end = 0;
  for (const TensorSize& tensor : statistics)
    plan.statistics.push_back(lay(tensor, elem_bytes, &end));
  plan.has_statistics = !plan.statistics.empty();
  plan.gradients_offset_elems = end;
  for (auto tensor = parameters.rbegin(); tensor != parameters.rend(); ++tensor)
    plan.parameters.push_back(lay(*tensor, elem_bytes, &end));
  plan.total_elems = end;
  return plan;
}

}  // namespace

std::int64_t arena_elems(const std::vector<TensorSize>& parameters,
                         const std::vector<TensorSize>& statistics, std::size_t elem_bytes) {
  return lay_out(parameters, statistics, elem_bytes).total_elems;
}

BucketPlan plan_buckets(const std::vector<TensorSize>& parameters,
                        const std::vector<TensorSize>& statistics, const BucketOptions& options) {
  RM_REQUIRE(options.bucket_bytes >= options.elem_bytes &&
                 options.first_bucket_bytes >= options.elem_bytes,
             ErrorKind::kInvalidArgument, "bucket_bytes must hold at least one element (",
             options.elem_bytes, " bytes)");
  BucketPlan plan = lay_out(parameters, statistics, options.elem_bytes);
  plan.options = options;
  if (plan.has_statistics) plan.buckets.push_back({0, 0, 0, plan.gradients_offset_elems});
  const auto gradient_buckets = fill_buckets(plan.parameters, plan.total_elems, options);
  plan.buckets.insert(plan.buckets.end(), gradient_buckets.begin(), gradient_buckets.end());
  return plan;
}

std::string BucketPlan::hash() const {
  Hasher hasher;
  for (const auto* slots : {&statistics, &parameters}) {
    for (const Slot& slot : *slots)
      hasher.update(join_text(slot.name, ' ', slot.offset_elems, ' ', slot.count_elems, '\n'));
    hasher.update("--\n");
  }
  for (const Bucket& bucket : buckets)
    hasher.update(join_text(bucket.offset_elems, ' ', bucket.count_elems, '\n'));
  return hex64(hasher.digest64());
}

}  // namespace ringmaster::grad
