// Which algorithm reduces how many bytes: what `auto` goes by. Measured once (measure_table.h),
// then a fixed part of a run: the order of additions depends on it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "comm/control.h"

namespace ringmaster::comm {

struct TableRow {
  std::size_t size_bytes = 0;
  std::string algorithm;                  // the choice
  std::map<std::string, double> time_us;  // of everything that was measured, by algorithm
};

struct AllreduceTable {
  std::string shape;           // shape_of() the world that it was measured in
  std::string machine;         // processor, kernels, libraries: what else decides who is fast
  std::vector<TableRow> rows;  // at least one, sizes ascending

  // The choice of the row whose size is nearest by ratio.
  [[nodiscard]] const std::string& algorithm_for(std::size_t size_bytes) const;
  // "hierarchical up to 32 KiB, then ring"
  [[nodiscard]] std::string summary() const;
  // The size of bucket that the rows speak for: the smallest measured one of 1 to 64 MiB that costs
  // at most a quarter more a byte than the cheapest row (a smaller bucket starts earlier and leaves
  // less to wait for after backward; a larger one pays for latency less often); where none does,
  // the cheapest of them. Nothing where no row of that size has a time.
  [[nodiscard]] std::optional<std::size_t> bucket_bytes() const;
  // For people: a line a row, with the times.
  [[nodiscard]] std::string text() const;

  // Error{kNotSupported} naming the first algorithm of the rows that `has` denies.
  void require_algorithms(const std::function<bool(const std::string&)>& has) const;

  [[nodiscard]] std::string to_json() const;
  // Error{kBadData} naming `path` for what to_json() did not write.
  [[nodiscard]] static AllreduceTable from_json(const std::string& json, const std::string& path);
};

// What a source of tables is asked with: for which world, and how to measure one. Measuring is
// collective, and gives the same table on every rank.
struct TableRequest {
  std::string shape, machine;
  std::function<AllreduceTable()> measure;
};

// Which ranks share a host, whatever the hosts' names: "0*2 1*2" for two hosts of two ranks. A
// table gives the same bits in every world of its shape.
[[nodiscard]] std::string shape_of(const World& world);

// The fastest of ours; `before`, the choice for the size before this (or empty), unless another one
// takes less than 0.9 of its time: a border between two should be more than noise. "nccl" counts as
// ours: between GPUs nobody can name a rank that keeps others waiting. "mpi" may be in
// the map, for people to compare: it is taken only by name, because it can't name a rank that keeps
// it waiting and its order of additions is the library's. REQUIRES: one of ours is there.
[[nodiscard]] std::string choose_fastest(const std::map<std::string, double>& time_us,
                                         const std::string& before);

}  // namespace ringmaster::comm
