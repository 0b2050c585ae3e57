#include "obs/jsonl_sink.h"

#include "obs/jsonl.h"

namespace ringmaster::obs {

JsonlSink::JsonlSink(FileSystem& files, const std::string& path, std::int64_t attempt)
    : path_(path), file_(files, path), attempt_(attempt) {}

void JsonlSink::on_step(const StepReport& report, bool logged) {
  if (logged) file_.append(to_line(report, attempt_));
}

void JsonlSink::on_epoch(const EpochReport& report, const History& /*history*/) {
  file_.append(to_line(report, attempt_));
}

void JsonlSink::on_event(const Event& event) {
  file_.append(to_line(event, attempt_));
}

}  // namespace ringmaster::obs
