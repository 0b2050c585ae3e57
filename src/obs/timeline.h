// A timeline in the Trace Event Format (JSON), which chrome://tracing and ui.perfetto.dev open:
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ringmaster::obs {

// Times: nanoseconds of the steady clock.
struct Span {
  std::string name;
  std::int64_t begin_ns = 0, end_ns = 0;
  std::vector<std::pair<std::string, std::int64_t>> numbers;  // shown when it is selected
};

// One row of the picture. Its spans may follow each other or lie within each other, and must not
// overlap otherwise.
struct Track {
  std::string name;
  std::vector<Span> spans;
};

// The events of one rank, to be joined with the other ranks'. `wall_offset_ns`: what has to be
// added to its steady clock for the time since 1970, so that ranks of several hosts are drawn on
// one axis, as well as their clocks agree.
[[nodiscard]] std::string timeline_events(int rank, const std::string& name,
                                          const std::vector<Track>& tracks,
                                          std::int64_t wall_offset_ns);
// The whole file.
[[nodiscard]] std::string timeline_file(const std::vector<std::string>& events_of_ranks);

}  // namespace ringmaster::obs
