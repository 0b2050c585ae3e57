#include "scaling/model.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ringmaster::scaling {
namespace {

constexpr double kBackwardShare = 2.0 / 3;

// The factors of alpha and beta.
double messages(int n) {
  return 2.0 * (n - 1);
}
double volume(int n, double bytes) {
  return 2.0 * (n - 1) / n * bytes;
}

double reduction_s(const Network& network, Shape shape, double bytes, Algorithm algorithm) {
  const double ring = ring_s(network, shape, bytes);
  const double hierarchical = hierarchical_s(network, shape, bytes);
  if (algorithm == Algorithm::kFaster) return std::min(ring, hierarchical);
  return algorithm == Algorithm::kRing ? ring : hierarchical;
}

}  // namespace

double ring_s(const Network& network, Shape shape, double bytes) {
  const int n = shape.size();
  return messages(n) * network.wire.alpha_s + volume(n, bytes) * network.wire.beta_s;
}

double hierarchical_s(const Network& network, Shape shape, double bytes) {
  // Within one host there is no other wire than the one that was measured.
  if (shape.hosts == 1) return ring_s(network, shape, bytes);
  return messages(shape.hosts) * network.wire.alpha_s +
         volume(shape.hosts, bytes) * network.wire.beta_s +
         volume(shape.ranks, bytes) * network.memory_beta_s;
}

Wire fit_ring(const std::vector<Sample>& samples) {
  // Minimises sum((a alpha + b beta - t)^2 / t^2): two linear equations.
  double aa = 0, ab = 0, bb = 0, at = 0, bt = 0;
  for (const Sample& sample : samples) {
    const double a = messages(sample.shape.size()) / sample.seconds;
    const double b = volume(sample.shape.size(), sample.bytes) / sample.seconds;
    aa += a * a, ab += a * b, bb += b * b, at += a, bt += b;
  }
  const double determinant = aa * bb - ab * ab;
  RM_REQUIRE(determinant > 1e-9 * aa * bb, ErrorKind::kBadData,
             "latency and bandwidth of the links can't be told from these allreduces: there must "
             "be two different sizes (ringmaster bench allreduce --json > allreduce-RANKS.jsonl)");
  Wire wire{(at * bb - bt * ab) / determinant, (bt * aa - at * ab) / determinant};
  if (wire.alpha_s < 0) wire = {0, bt / bb};
  if (wire.beta_s < 0) wire = {at / aa, 0};
  return wire;
}

double fit_error(const Wire& wire, const std::vector<Sample>& samples) {
  double worst = 0;
  for (const Sample& sample : samples) {
    const double model = ring_s({wire, 0}, sample.shape, sample.bytes);
    worst = std::max(worst, std::abs(model / sample.seconds - 1));
  }
  return worst;
}

double communication_s(const Network& network, Shape shape, const Gradients& gradients,
                       Algorithm algorithm) {
  if (shape.size() < 2) return 0;
  const double each = gradients.bytes / gradients.buckets;
  return gradients.buckets * reduction_s(network, shape, each, algorithm);
}

double exposed_s(const Network& network, Shape shape, const Gradients& gradients,
                 Algorithm algorithm, double compute_s) {
  if (shape.size() < 2) return 0;
  const double hidden = kBackwardShare * compute_s;
  const double last = reduction_s(network, shape, gradients.last_bucket_bytes, algorithm);
  return std::max(communication_s(network, shape, gradients, algorithm) - hidden, last);
}

}  // namespace ringmaster::scaling
