#include "tests/support/fake_cuda_ranks.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comm/thread_control.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_add.h"

namespace ringmaster::testing {
namespace {

// Small integers: their sums over 8 ranks, and halves and quarters of these, are exact in every
// type.
float value_of(int rank, std::int64_t element, int round) {
  return static_cast<float>((rank * 7 + element * 3 + round * 5) % 13 - 6);
}

}  // namespace

Deadline soon(double seconds) {
  return Deadline::after(std::chrono::duration<double>(seconds));
}

comm::NcclEngineOptions options_of(comm::DType type, std::int64_t capacity_elems) {
  comm::NcclEngineOptions options;
  options.dtype = type;
  options.capacity_elems = capacity_elems;
  options.deadline_s = kLongSeconds;
  return options;
}

std::vector<std::string> hosts_of(int ranks, int ranks_per_host) {
  std::vector<std::string> hosts;
  for (int rank = 0; rank < ranks; ++rank)
    hosts.push_back("node" + std::to_string(rank / ranks_per_host));
  return hosts;
}

std::vector<Outcome> run_ranks(int ranks, const std::function<void(comm::ControlPlane&)>& body) {
  return run_ranks(hosts_of(ranks, 1), body);
}

std::vector<Outcome> run_ranks(const std::vector<std::string>& hosts,
                               const std::function<void(comm::ControlPlane&)>& body) {
  auto controls = comm::make_thread_controls(hosts);
  std::vector<Outcome> outcomes(hosts.size());
  std::vector<std::thread> threads;
  for (std::size_t rank = 0; rank < controls.size(); ++rank) {
    threads.emplace_back([&, rank] {
      try {
        body(*controls[rank]);
      } catch (const Error& error) {
        outcomes[rank] = {error.what(), error.kind()};
      }
      controls[rank].reset();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return outcomes;
}

void expect_nothing_left() {
  EXPECT_EQ(FakeGpu::get().leaks(), "");
  EXPECT_THAT(FakeGpu::get().violations(), ::testing::IsEmpty());
}

void expect_all_well(const std::vector<Outcome>& outcomes) {
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.text, "");
  expect_nothing_left();
}

FakeRank::FakeRank(comm::ControlPlane& control, comm::NcclEngineOptions options)
    : world_(control.world()), type_(options.dtype) {
  fake_current_device() = (world_.rank + 1) % world_.size;
  options.device = world_.rank;
  engine_ = comm::make_nccl_engine(control, options);
}

// The work that it queued refers to it.
FakeRank::~FakeRank() {
  FakeGpu::get().wait_for_default_stream(world_.rank);
}

void FakeRank::backward(const comm::Reduction& reduction, int round) {
  FakeGpu::get().enqueue(world_.rank, [this, reduction, round] {
    for (std::int64_t i = 0; i < reduction.count_elems; ++i) {
      const std::int64_t at = reduction.offset_elems + i;
      fake_store(type_, engine_->arena(), at, value_of(world_.rank, at, round));
    }
  });
  engine_->start(reduction, nullptr);
}

void FakeRank::optimizer(const comm::Reduction& reduction, int round, std::int64_t* wrong) {
  FakeGpu::get().enqueue(world_.rank, [this, reduction, round, wrong] {
    for (std::int64_t i = 0; i < reduction.count_elems; ++i) {
      const std::int64_t at = reduction.offset_elems + i;
      double sum = 0;
      for (int rank = 0; rank < world_.size; ++rank) sum += value_of(rank, at, round);
      if (fake_load(type_, engine_->arena(), at) != reduction.scale * sum) ++*wrong;
    }
  });
}

void FakeRank::step(const std::vector<comm::Reduction>& reductions, int round, std::int64_t* wrong,
                    double seconds) {
  for (const comm::Reduction& reduction : reductions) backward(reduction, round);
  engine_->finish(nullptr, soon(seconds));
  for (const comm::Reduction& reduction : reductions) optimizer(reduction, round, wrong);
}

std::vector<comm::Reduction> reductions_of(const std::vector<std::int64_t>& sizes, std::int64_t gap,
                                           double scale) {
  std::vector<comm::Reduction> reductions;
  std::int64_t offset = gap;
  for (const std::int64_t size : sizes) {
    reductions.push_back({static_cast<std::int64_t>(reductions.size()), offset, size, scale});
    offset += size;
  }
  return reductions;
}

std::int64_t end_of(const std::vector<comm::Reduction>& reductions) {
  return reductions.back().offset_elems + reductions.back().count_elems;
}

}  // namespace ringmaster::testing
