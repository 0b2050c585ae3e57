#include "obs/timeline.h"

#include <nlohmann/json.hpp>

namespace ringmaster::obs {
namespace {

using nlohmann::json;

void append(const json& event, std::string& text) {
  if (!text.empty()) text += ",\n";
  text += event.dump(-1, ' ', false, json::error_handler_t::replace);
}

json name_event(const char* what, int rank, std::size_t track, const std::string& name) {
  return {{"ph", "M"}, {"name", what}, {"pid", rank}, {"tid", track}, {"args", {{"name", name}}}};
}

}  // namespace

std::string timeline_events(int rank, const std::string& name, const std::vector<Track>& tracks,
                            std::int64_t wall_offset_ns) {
  constexpr double kMicrosecond = 1e-3;
  std::string text;
  append(name_event("process_name", rank, 0, name), text);
  for (std::size_t track = 0; track < tracks.size(); ++track) {
    append(name_event("thread_name", rank, track, tracks[track].name), text);
    for (const Span& span : tracks[track].spans) {
      json event = {{"ph", "X"},
                    {"name", span.name},
                    {"pid", rank},
                    {"tid", track},
                    {"ts", static_cast<double>(span.begin_ns + wall_offset_ns) * kMicrosecond},
                    {"dur", static_cast<double>(span.end_ns - span.begin_ns) * kMicrosecond}};
      for (const auto& [key, value] : span.numbers) event["args"][key] = value;
      append(event, text);
    }
  }
  return text;
}

std::string timeline_file(const std::vector<std::string>& events_of_ranks) {
  std::string text = "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n";
  for (std::size_t i = 0; i < events_of_ranks.size(); ++i) {
    if (i > 0) text += ",\n";
    text += events_of_ranks[i];
  }
  return text + "\n]}\n";
}

}  // namespace ringmaster::obs
