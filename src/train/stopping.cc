#include "train/stopping.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>

#include "stop/ec2.h"
#include "stop/time_limit.h"

namespace ringmaster::train {
namespace {

using WallClock = std::chrono::system_clock;
using Seconds = std::chrono::duration<double>;

void watch_time_limit(double margin_s, stop::StopFlag& stop, Logger& log) {
  const auto end = stop::allocation_end();
  if (!end) return;
  const double left_s = std::max(0.0, Seconds(*end - WallClock::now()).count());
  const double used_s = std::max(left_s - margin_s, left_s / 2);
  stop.request_at(WallClock::now() +
                  std::chrono::duration_cast<WallClock::duration>(Seconds(used_s)));
  log.info("the allocation ends in ", static_cast<std::int64_t>(left_s),
           " s: saving and leaving in ", static_cast<std::int64_t>(used_s), " s");
}

bool asks_for_notices(const TrainOptions& options, const comm::World& world) {
  if (options.spot_notices == "off" || world.local_rank != 0) return false;
  return options.spot_notices == "on" || stop::on_ec2();
}

}  // namespace

StopSources::StopSources(const TrainOptions& options, const comm::World& world,
                         stop::StopFlag& stop, Logger& log) {
  watch_time_limit(options.stop_margin_s, stop, log);
  if (!asks_for_notices(options, world)) return;
  stop::SpotOptions spot;
  spot.endpoint = options.imds_endpoint;
  spot.interval_s = options.spot_poll_s;
  log.info("watching ", spot.endpoint, " for EC2's notices");
  spot_ = std::make_unique<stop::SpotWatch>(spot, stop::make_curl_client(), stop, log);
}

stop::Reason agree_on_stop(comm::ControlPlane& control, const stop::StopFlag& stop,
                           Deadline deadline) {
  auto reason = static_cast<std::int64_t>(stop.requested());
  control.all_max(std::span(&reason, 1), deadline);
  return static_cast<stop::Reason>(reason);
}

}  // namespace ringmaster::train
