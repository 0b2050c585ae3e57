// The table of machines and data sets that a plan assumes (configs/machines.json, compiled in; or a
// file of the user's).
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace ringmaster::plan {

// A figure, with where it comes from.
struct Fact {
  double value = 0;
  std::string source, date;
};

struct Machine {
  std::string title;
  std::string device;               // "cpu" or "cuda"
  int ranks = 1;                    // of a node
  Fact memory_gb, fixed_memory_gb;  // of a rank; taken whatever the model
  Fact cores, price_per_hour;       // of a node; dollars
  // Training of ResNet-50 at 224 pixels, of one rank; by precision. What is not there, the machine
  // does not have.
  std::map<std::string, Fact> images_per_second;
  // Bus bandwidth of an allreduce, as nccl-tests defines it: within a node, and over several.
  Fact link_within_gbytes, link_between_gbytes;
};

struct DataFacts {
  std::string title;
  std::int64_t classes = 0;
  Fact train_images, val_images, train_bytes, val_bytes;
};

struct Table {
  std::map<std::string, Machine> machines;
  std::map<std::string, DataFacts> data_sets;
  Fact decode_images_per_second;    // of a core
  Fact eval_share, backward_share;  // of a training step
};

// Error{kInvalidArgument} naming `path` and the entry for anything that is missing, is no number
// above 0, or has no source or date.
[[nodiscard]] Table parse_table(const std::string& json, const std::string& path);

// configs/machines.json as it was when this was built.
[[nodiscard]] const char* builtin_table();

}  // namespace ringmaster::plan
