#include "comm/bench_allreduce.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <iomanip>
#include <random>
#include <sstream>
#include <utility>

#include "base/check.h"
#include "base/median.h"
#include "base/seconds.h"
#include "comm/element.h"

namespace ringmaster::comm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kErrorElems = 1 << 18;
constexpr double kRoughDeviation = 0.01;

// -1, 0 or 1: every type holds the sum of 256 ranks exactly.
int input_of(int rank, std::int64_t i) {
  return static_cast<int>((i * 5 + rank * 7 + i / 3) % 3) - 1;
}

class Bench {
 public:
  Bench(ControlPlane& control, Engine& engine, const BenchOptions& options)
      : control_(control), engine_(engine), options_(options), access_(options.access) {
    if (!access_.write) access_ = {std::memcpy, std::memcpy};
  }

  BenchRow measure(std::int64_t count_elems) {
    BenchRow row;
    row.what = engine_.describe();
    row.type = engine_.dtype();
    row.wire = options_.wire;
    row.count_elems = count_elems;
    row.size_bytes = static_cast<std::size_t>(count_elems) * size_bytes(row.type);
    row.wrong = count_wrong(count_elems);
    if (row.type == DType::kFloat32) row.error = error_of(count_elems);
    row.time_us = time_us(count_elems);
    row.algbw_gbps = static_cast<double>(row.size_bytes) / row.time_us * 1e-3;
    const int n = control_.world().size;
    row.busbw_gbps = row.algbw_gbps * 2 * (n - 1) / n;
    return row;
  }

 private:
  void reduce(std::int64_t offset_elems, std::int64_t count_elems) {
    engine_.start({0, offset_elems, count_elems, 1.0}, nullptr);
    engine_.finish(nullptr, deadline());
    // A GPU that reduces alone has it queued only: this waits.
    std::array<std::byte, 8> one;
    if (engine_.memory() == MemoryKind::kCuda && control_.world().size == 1) read(one.data(), 1);
  }

  // The arena's first elements.
  void write(const void* elements, std::int64_t count_elems) {
    access_.write(engine_.arena(), elements, bytes_of(count_elems));
  }
  void read(void* elements, std::int64_t count_elems) {
    access_.read(elements, engine_.arena(), bytes_of(count_elems));
  }
  [[nodiscard]] std::size_t bytes_of(std::int64_t count_elems) const {
    return static_cast<std::size_t>(count_elems) * size_bytes(engine_.dtype());
  }

  Deadline deadline() const { return deadline_in(options_.deadline_s); }

  std::int64_t count_wrong(std::int64_t count_elems) {
    const World& world = control_.world();
    std::vector<std::byte> elements(bytes_of(count_elems));
    for (std::int64_t i = 0; i < count_elems; ++i) {
      store_element(engine_.dtype(), elements.data(), i, input_of(world.rank, i));
    }
    write(elements.data(), count_elems);
    reduce(0, count_elems);
    read(elements.data(), count_elems);
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < count_elems; ++i) {
      int sum = 0;
      for (int rank = 0; rank < world.size; ++rank) sum += input_of(rank, i);
      if (load_element(engine_.dtype(), elements.data(), i) != sum) ++wrong;
    }
    control_.all_sum({&wrong, 1}, deadline());
    return wrong;
  }

  // Of the first elements of a reduction: enough for a root mean square.
  BenchError error_of(std::int64_t count_elems) {
    const World& world = control_.world();
    const std::int64_t looked_at = std::min<std::int64_t>(count_elems, kErrorElems);
    std::vector<float> x(static_cast<std::size_t>(count_elems), 0.0f);
    std::vector<double> sums(static_cast<std::size_t>(looked_at), 0);
    for (int rank = 0; rank < world.size; ++rank) {
      std::mt19937 random(static_cast<unsigned>(rank));
      std::normal_distribution<double> rough(0, kRoughDeviation);
      for (std::int64_t i = 0; i < looked_at; ++i) {
        const auto value = static_cast<float>(rough(random));
        if (rank == world.rank) x[static_cast<std::size_t>(i)] = value;
        sums[static_cast<std::size_t>(i)] += value;
      }
    }
    write(x.data(), count_elems);
    reduce(0, count_elems);
    read(x.data(), looked_at);
    double squares = 0, error_squares = 0, largest = 0;
    for (std::int64_t i = 0; i < looked_at; ++i) {
      const double sum = sums[static_cast<std::size_t>(i)];
      const double error = std::fabs(x[static_cast<std::size_t>(i)] - sum);
      squares += sum * sum;
      error_squares += error * error;
      largest = std::max(largest, error);
    }
    const double root = std::sqrt(squares / static_cast<double>(looked_at));
    return {largest / root, std::sqrt(error_squares / squares)};
  }

  double time_us(std::int64_t count_elems) {
    // The spare elements are a barrier: a reduction that all ranks leave at about the same time.
    const std::int64_t room = engine_.capacity_elems() - bench_spare_elems();
    const std::int64_t places = options_.walk ? std::max<std::int64_t>(1, room / count_elems) : 1;
    std::vector<std::int64_t> times_ns;
    for (int i = 0; i < options_.warm_up + options_.iterations; ++i) {
      reduce(room, 1);
      const auto start = Clock::now();
      reduce(i % places * count_elems, count_elems);
      const auto time = Clock::now() - start;
      if (i >= options_.warm_up) times_ns.push_back(std::chrono::nanoseconds(time).count());
    }
    std::int64_t median_ns = median(std::move(times_ns));
    control_.all_max({&median_ns, 1}, deadline());
    return static_cast<double>(median_ns) * 1e-3;
  }

  ControlPlane& control_;
  Engine& engine_;
  const BenchOptions& options_;
  ArenaAccess access_;
};

std::string first_word(const std::string& text) {
  return text.substr(0, text.find(' '));
}

// The row that differs from `row` by the wire alone; nullptr: it was not measured.
const BenchRow* find_full(const std::vector<BenchRow>& rows, const BenchRow& row) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const BenchRow& other) {
    return !other.wire && other.size_bytes == row.size_bytes && other.type == row.type &&
           first_word(other.what) == first_word(row.what);
  });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::int64_t bench_spare_elems() {
  return 64;
}

std::vector<BenchRow> bench_allreduce(ControlPlane& control, Engine& engine,
                                      const BenchOptions& options) {
  RM_CHECK(engine.memory() == MemoryKind::kHost || (options.access.write && options.access.read));
  RM_CHECK(options.iterations > 0 && options.warm_up >= 0);
  Bench bench(control, engine, options);
  std::vector<BenchRow> rows;
  for (const std::size_t bytes : options.sizes_bytes) {
    const auto count_elems =
        std::max<std::int64_t>(1, static_cast<std::int64_t>(bytes / size_bytes(engine.dtype())));
    RM_REQUIRE(count_elems + bench_spare_elems() <= engine.capacity_elems(),
               ErrorKind::kInvalidArgument, "size ", bytes, " does not fit into the arena of ",
               engine.capacity_elems(), " elements");
    rows.push_back(bench.measure(count_elems));
  }
  return rows;
}

std::string bench_table(const std::vector<BenchRow>& rows) {
  std::ostringstream out;
  out << std::setw(12) << "size" << std::setw(12) << "count" << std::setw(10) << "type"
      << std::setw(7) << "redop" << std::setw(6) << "root" << std::setw(12) << "time"
      << std::setw(9) << "algbw" << std::setw(9) << "busbw" << std::setw(7) << "wrong"
      << "  by\n";
  out << std::setw(12) << "(B)" << std::setw(12) << "(elements)" << std::setw(35) << "(us)"
      << std::setw(9) << "(GB/s)" << std::setw(9) << "(GB/s)\n";
  out << std::fixed << std::setprecision(2);
  for (const BenchRow& row : rows) {
    out << std::setw(12) << row.size_bytes << std::setw(12) << row.count_elems << std::setw(10)
        << name_of(row.type) << std::setw(7) << "sum" << std::setw(6) << -1 << std::setw(12)
        << row.time_us << std::setw(9) << row.algbw_gbps << std::setw(9) << row.busbw_gbps
        << std::setw(7) << row.wrong << "  " << row.what << "\n";
  }
  return out.str();
}

std::string wire_table(const std::vector<BenchRow>& rows) {
  std::ostringstream out;
  out << std::setw(14) << "algorithm" << std::setw(12) << "size" << std::setw(10) << "wire"
      << std::setw(12) << "time" << std::setw(12) << "in full" << std::setw(7) << "gain"
      << std::setw(11) << "max error" << std::setw(11) << "rms error" << std::setw(14)
      << "in full, max" << std::setw(11) << "rms" << '\n';
  out << std::setw(26) << "(B)" << std::setw(22) << "(us)" << std::setw(12) << "(us)" << '\n';
  for (const BenchRow& row : rows) {
    const BenchRow* full = row.wire ? find_full(rows, row) : nullptr;
    if (full == nullptr || !row.error || !full->error) continue;
    out << std::setw(14) << first_word(row.what) << std::setw(12) << row.size_bytes << std::setw(10)
        << name_of(*row.wire) << std::fixed << std::setprecision(2) << std::setw(12) << row.time_us
        << std::setw(12) << full->time_us << std::setw(7) << full->time_us / row.time_us
        << std::scientific << std::setprecision(1) << std::setw(11) << row.error->max
        << std::setw(11) << row.error->rms << std::setw(14) << full->error->max << std::setw(11)
        << full->error->rms << '\n';
  }
  return out.str();
}

}  // namespace ringmaster::comm
