#include "train/tracer.h"

#include <utility>

#include "base/check.h"

namespace ringmaster::train {
namespace {

// What to add to the steady clock for the time since 1970.
std::int64_t wall_offset_ns() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::nanoseconds(wall).count() - Activity::now_ns();
}

}  // namespace

Tracer::Tracer(std::int64_t steps, Activity& activity, const comm::Engine& engine,
               const grad::Gradients& gradients)
    : steps_left_(steps), activity_(activity), engine_(engine), gradients_(gradients) {}

void Tracer::before_step() {
  if (steps_left_ == 0 || activity_.recording()) return;
  const auto history = engine_.history();
  next_operation_ = history.empty() ? 0 : history.back().number + 1;
  activity_.start_recording();
}

void Tracer::after_step(comm::ControlPlane& control, FileSystem& files, const std::string& path,
                        Deadline deadline) {
  if (steps_left_ == 0) return;
  take_reductions();
  if (--steps_left_ > 0) return;
  std::vector<obs::Track> tracks = {{"training thread", activity_.stop_recording()},
                                    {"buckets: reduced", std::move(reducing_)}};
  // Buckets wait beside each other, which one track can't show.
  for (obs::Span& span : waiting_) {
    const auto bucket = static_cast<std::size_t>(span.numbers.front().second);
    while (tracks.size() <= bucket + 2) {
      tracks.push_back({join_text("bucket ", tracks.size() - 2, ": waits"), {}});
    }
    tracks[bucket + 2].spans.push_back(std::move(span));
  }
  const comm::World& world = control.world();
  const auto events = control.all_gather(
      obs::timeline_events(world.rank, world.name(world.rank), tracks, wall_offset_ns()), deadline);
  if (world.rank == 0) write_atomically(files, path, obs::timeline_file(events));
}

void Tracer::take_reductions() {
  for (const comm::Operation& done : engine_.history()) {
    if (done.number < next_operation_) continue;
    next_operation_ = done.number + 1;
    const std::vector<std::pair<std::string, std::int64_t>> numbers = {
        {"bucket", done.reduction},
        {"operation", done.number},
        {"bytes", static_cast<std::int64_t>(done.size_bytes)}};
    const std::int64_t ready = gradients_.ready_ns()[static_cast<std::size_t>(done.reduction)];
    const std::string bucket = join_text("bucket ", done.reduction);
    if (ready != 0 && ready < done.queued_ns)
      waiting_.push_back({bucket + " ready", ready, done.queued_ns, numbers});
    waiting_.push_back({bucket + " queued", done.queued_ns, done.started_ns, numbers});
    reducing_.push_back({bucket, done.started_ns, done.done_ns, numbers});
  }
}

}  // namespace ringmaster::train
