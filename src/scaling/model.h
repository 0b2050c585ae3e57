// What communication costs, and how much of it a step sees: the alpha-beta model of docs/RING.md.
// Pure functions; seconds and bytes.
#pragma once

#include <vector>

namespace ringmaster::scaling {

// A message of m bytes takes alpha + beta m.
struct Wire {
  double alpha_s = 0;
  double beta_s = 0;  // per byte, one direction
};

// `hosts` hosts of `ranks` ranks each.
struct Shape {
  int hosts = 1, ranks = 1;
  [[nodiscard]] int size() const { return hosts * ranks; }
  bool operator==(const Shape&) const = default;
};

// How one allreduce goes over a network of hosts. `memory_beta_s`: of a rank's share of its host's
// memory (or NVLink); 0 where it does not count.
struct Network {
  Wire wire;
  double memory_beta_s = 0;
};

// T = 2(n-1) alpha + 2(n-1)/n B beta, with n all ranks: each host's link carries the ring once.
[[nodiscard]] double ring_s(const Network& network, Shape shape, double bytes);
// T = 2(H-1) alpha + 2(H-1)/H B beta + 2(L-1)/L B beta_memory.
[[nodiscard]] double hierarchical_s(const Network& network, Shape shape, double bytes);

struct Sample {
  Shape shape;
  double bytes = 0, seconds = 0;
};

// The wire that comes nearest to the samples of flat rings, by least squares of the relative
// errors. Neither value is negative. Error{kBadData} without two different sizes.
[[nodiscard]] Wire fit_ring(const std::vector<Sample>& samples);
// The largest relative error of the fit.
[[nodiscard]] double fit_error(const Wire& wire, const std::vector<Sample>& samples);

// One step's gradients.
struct Gradients {
  double bytes = 0, last_bucket_bytes = 0;
  int buckets = 1;
};

// What of a step's communication is left after backward. Buckets are reduced one after the other
// while backward runs, which is 2/3 of the computing (a backward pass is two forward passes' work);
// the last bucket is complete only when it ends. `auto` takes the faster algorithm.
enum class Algorithm { kRing, kHierarchical, kFaster };
[[nodiscard]] double communication_s(const Network& network, Shape shape,
                                     const Gradients& gradients, Algorithm algorithm);
[[nodiscard]] double exposed_s(const Network& network, Shape shape, const Gradients& gradients,
                               Algorithm algorithm, double compute_s);

}  // namespace ringmaster::scaling
