#include "obs/sink.h"

#include <chrono>
#include <utility>

#include "base/check.h"

namespace ringmaster::obs {

SinkList::SinkList(History history, std::int64_t log_steps, Logger& log, Clock clock)
    : history_(std::move(history)), log_steps_(log_steps), log_(log), clock_(std::move(clock)) {
  RM_CHECK(log_steps > 0);
}

SinkList::Clock SinkList::wall_clock() {
  return [] {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(since_epoch).count();
  };
}

void SinkList::add(std::unique_ptr<Sink> sink) {
  sinks_.push_back({std::move(sink), {}});
}

template <typename Call>
void SinkList::for_each_sink(Call call) {
  for (Entry& entry : sinks_) {
    try {
      call(*entry.sink);
    } catch (const Error& error) {
      if (entry.warned == error.what()) continue;
      entry.warned = error.what();
      log_.warn(entry.sink->name(), ": ", error.what(), "; the run goes on without it");
    }
  }
}

void SinkList::begin() {
  for_each_sink([&](Sink& sink) { sink.on_begin(history_); });
}

void SinkList::on_step(StepReport report) {
  const bool logged = report.step % log_steps_ == 0;
  if (report.time == 0) report.time = clock_();
  if (logged) history_.steps.push_back(report);
  for_each_sink([&](Sink& sink) { sink.on_step(report, logged); });
}

void SinkList::on_epoch(EpochReport report) {
  if (report.time == 0) report.time = clock_();
  history_.epochs.push_back(report);
  for_each_sink([&](Sink& sink) { sink.on_epoch(report, history_); });
}

void SinkList::on_event(Event event) {
  if (event.time == 0) event.time = clock_();
  history_.events.push_back(event);
  for_each_sink([&](Sink& sink) { sink.on_event(event); });
}

void SinkList::flush() {
  for_each_sink([](Sink& sink) { sink.flush(); });
}

}  // namespace ringmaster::obs
