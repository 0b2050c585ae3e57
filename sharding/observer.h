// How long work tells of its progress and is asked to stop.
#pragma once

#include <cstdint>
#include <string>

namespace ringmaster::sharding {

// Called on the thread that started the work.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void begin(std::uint64_t images, std::uint64_t bytes) = 0;  // that are to be done
  virtual void advance(std::uint64_t images, std::uint64_t bytes) = 0;
  virtual void note(const std::string& text) = 0;  // a sentence for people
  [[nodiscard]] virtual bool stop_requested() = 0;
};

}  // namespace ringmaster::sharding
