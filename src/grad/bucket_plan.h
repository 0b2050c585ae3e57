// Where every tensor lies in the arena and which ranges travel together: a pure function of the
// tensors' names and sizes, the same on every rank, so nothing is negotiated while training.
// Vocabulary in comm/engine.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ringmaster::grad {

struct TensorSize {
  std::string name;
  std::int64_t count_elems = 0;
};

// A tensor's place in the arena.
struct Slot {
  std::string name;
  std::int64_t offset_elems = 0;
  std::int64_t count_elems = 0;
};

// Slots [first_slot, last_slot) and the arena range that holds them.
struct Bucket {
  std::size_t first_slot = 0, last_slot = 0;
  std::int64_t offset_elems = 0;
  std::int64_t count_elems = 0;
};

struct BucketOptions {
  // A larger bucket uses the wire better, a smaller one starts earlier and leaves less to do after
  // backward. A tensor larger than this gets a bucket of its own.
  std::size_t bucket_bytes = std::size_t{16} << 20;
  // The first bucket is small, so that the wire starts work as soon as the last layers' gradients
  // exist.
  std::size_t first_bucket_bytes = std::size_t{1} << 20;
  std::size_t elem_bytes = 4;
};

// Arena: [statistics | gradients of the parameters, last parameter first]. Every slot starts on 64
// bytes; the gaps are zero and stay zero.
struct BucketPlan {
  BucketOptions options;  // that it was made for
  std::vector<Slot>
      statistics;  // in the order given; bucket 0 holds them all and is there only if they are
  std::vector<Slot>
      parameters;  // reversed: the order in which backward finishes them, more or less
  std::vector<Bucket>
      buckets;  // in launch order; slots of `parameters`, but for the statistics' bucket
  bool has_statistics = false;
  std::int64_t gradients_offset_elems = 0;  // where the gradients begin
  std::int64_t total_elems = 0;
  // Equal on two ranks exactly if their plans are. 16 hex digits.
  [[nodiscard]] std::string hash() const;
};

// total_elems of every plan over these tensors, whatever its buckets.
[[nodiscard]] std::int64_t arena_elems(const std::vector<TensorSize>& parameters,
                                       const std::vector<TensorSize>& statistics,
                                       std::size_t elem_bytes = BucketOptions().elem_bytes);

// `parameters`: those that are trained, in registration order. `statistics`: tensors averaged over
// the ranks beside the gradients (running statistics of batch norm). Error{kInvalidArgument} for
// bucket sizes of 0.
[[nodiscard]] BucketPlan plan_buckets(const std::vector<TensorSize>& parameters,
                                      const std::vector<TensorSize>& statistics,
                                      const BucketOptions& options);

}  // namespace ringmaster::grad
