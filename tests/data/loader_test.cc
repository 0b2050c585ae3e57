#include "data/loader.h"

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "data/to_device.h"
#include "tests/support/memory_dataset.h"
#include "tests/support/photo.h"

namespace ringmaster::data {
namespace {

using ::testing::HasSubstr;
using testing::MemoryDataset;

constexpr std::int64_t kSamples = 90;

// Photographs and raw pixels of several sizes; labels tell samples apart.
void fill(MemoryDataset& dataset) {
  for (int i = 0; i < kSamples; ++i) {
    const int height = 40 + i % 7 * 9, width = 70 - i % 5 * 8;
    const auto pixels = testing::photo_pixels(height, width, 3, static_cast<std::uint64_t>(i));
    const auto label = static_cast<std::uint32_t>(i);
    if (i % 3 == 0) {
      dataset.add_raw(height, width, 3, label, pixels);
    } else {
      dataset.add_jpeg(height, width, label, testing::encode_jpeg(pixels, height, width, {}));
    }
  }
}

class Loading : public ::testing::Test {
 protected:
  Loading() {
    fill(dataset_);
    transform_.image_size = 24;
    transform_.eval_resize = 28;
  }

  std::unique_ptr<TrainLoader> train(int workers, int ranks = 1, int rank = 0, int micros = 1) {
    LoaderOptions options;
    options.workers = workers;
    const EpochPlan plan({kSamples, 12, ranks, micros, 5});
    return std::make_unique<TrainLoader>(dataset_, plan, rank, transform_, options);
  }

  MemoryDataset dataset_;
  TransformOptions transform_;
};

std::vector<Batch> rest(TrainLoader& loader) {
  std::vector<Batch> batches;
  while (auto batch = loader.next()) batches.push_back(std::move(*batch));
  return batches;
}

std::vector<Batch> epoch(TrainLoader& loader, std::int64_t number, std::int64_t first_step = 0) {
  loader.start_epoch(number, first_step);
  return rest(loader);
}

void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].sample_ids, b[i].sample_ids);
    EXPECT_EQ(a[i].step, b[i].step);
    EXPECT_EQ(a[i].micro, b[i].micro);
    EXPECT_TRUE(at::equal(a[i].images, b[i].images)) << "batch " << i;
    EXPECT_TRUE(at::equal(a[i].targets, b[i].targets));
  }
}

TEST_F(Loading, BatchesAreWhatTheContractSays) {
  const auto loader = train(2);
  const auto batches = epoch(*loader, 0);
  ASSERT_EQ(batches.size(), 7u);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const Batch& batch = batches[i];
    EXPECT_EQ(batch.step, static_cast<std::int64_t>(i));
    EXPECT_EQ(batch.images.sizes(), (at::IntArrayRef{12, 3, 24, 24}));
    EXPECT_EQ(batch.images.scalar_type(), at::kFloat);
    EXPECT_TRUE(batch.images.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_EQ(batch.targets.scalar_type(), at::kLong);
    for (std::size_t k = 0; k < 12; ++k)
      EXPECT_EQ(batch.targets.data_ptr<std::int64_t>()[k], batch.sample_ids[k]);
  }
  EXPECT_GT(loader->wait_seconds(), 0);
  EXPECT_GT(loader->stage_seconds().decode, 0);
}

TEST_F(Loading, WorkersChangeNothing) {
  const auto expected = epoch(*train(0), 3);
  for (const int workers : {1, 4}) expect_same(epoch(*train(workers), 3), expected);
}

TEST_F(Loading, RanksAndMicroBatchesPutTogetherAreTheGlobalBatch) {
  const auto whole = epoch(*train(0), 1);
  for (const auto& [ranks, micros] : {std::pair{2, 1}, {3, 1}, {1, 3}, {2, 3}}) {
    std::vector<std::vector<Batch>> parts;
    for (int rank = 0; rank < ranks; ++rank)
      parts.push_back(epoch(*train(rank % 3, ranks, rank, micros), 1));
    for (std::size_t step = 0; step < whole.size(); ++step) {
      std::int64_t row = 0;
      for (const auto& of_rank : parts) {
        for (int micro = 0; micro < micros; ++micro) {
          const Batch& part =
              of_rank[step * static_cast<std::size_t>(micros) + static_cast<std::size_t>(micro)];
          EXPECT_EQ(part.micro, micro);
          const auto count = part.images.size(0);
          EXPECT_TRUE(at::equal(part.images, whole[step].images.narrow(0, row, count)));
          EXPECT_TRUE(at::equal(part.targets, whole[step].targets.narrow(0, row, count)));
          row += count;
        }
      }
      EXPECT_EQ(row, 12);
    }
  }
}

TEST_F(Loading, ResumingInMidEpochGoesOnWithTheSameBatches) {
  auto expected = epoch(*train(1), 2);
  expected.erase(expected.begin(), expected.begin() + 4);
  expect_same(epoch(*train(3), 2, 4), expected);
  EXPECT_TRUE(epoch(*train(3), 2, 7).empty());
}

TEST_F(Loading, AnEpochMayBeLeftAtAnyPoint) {
  const auto expected = epoch(*train(0), 1);
  for (const int workers : {0, 3}) {
    const auto loader = train(workers);
    for (const int taken : {0, 1, 5}) {
      loader->start_epoch(0);
      for (int i = 0; i < taken; ++i) ASSERT_TRUE(loader->next().has_value());
      expect_same(epoch(*loader, 1), expected);
    }
  }
}

TEST_F(Loading, EpochsShowTheSameSampleDifferently) {
  const auto loader = train(1);
  const auto find = [&](std::int64_t number, std::int64_t sample) {
    for (const Batch& batch : epoch(*loader, number)) {
      for (std::size_t k = 0; k < batch.sample_ids.size(); ++k)
        if (batch.sample_ids[k] == sample)
          return batch.images[static_cast<std::int64_t>(k)].clone();
    }
    return at::Tensor();
  };
  int seen = 0, same = 0;
  for (std::int64_t sample = 0; sample < 5; ++sample) {
    const at::Tensor a = find(0, sample), b = find(1, sample);
    if (!a.defined() || !b.defined()) continue;  // in the tail of one of the epochs
    ++seen;
    same += at::equal(a, b) ? 1 : 0;
  }
  EXPECT_GT(seen, 2);
  EXPECT_EQ(same, 0);
}

TEST_F(Loading, ABatchKeepsItsPixelsWhileOthersAreMade) {
  const auto loader = train(2);
  loader->start_epoch(0);
  const Batch first = std::move(*loader->next());
  const at::Tensor view = loader->next()->images.variable_data();  // shares memory only
  const at::Tensor copy = first.images.clone(), copy_of_view = view.clone();
  rest(*loader);
  EXPECT_TRUE(at::equal(first.images, copy));
  EXPECT_TRUE(at::equal(view, copy_of_view));
}

TEST_F(Loading, MemoryOfDroppedBatchesIsUsedAgain) {
  const auto loader = train(0);
  loader->start_epoch(0);
  std::set<const void*> addresses;
  while (const auto batch = loader->next()) addresses.insert(batch->images.const_data_ptr());
  EXPECT_LE(addresses.size(), 2u);
}

TEST_F(Loading, BytesAreTheSamePixels) {
  LoaderOptions options;
  options.raw_u8 = true;
  TrainLoader loader(dataset_, EpochPlan({kSamples, 12, 1, 1, 5}), 0, transform_, options);
  const auto bytes = epoch(loader, 3);
  const auto floats = epoch(*train(0), 3);
  ASSERT_EQ(bytes.size(), floats.size());
  EXPECT_EQ(bytes[0].images.scalar_type(), at::kByte);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const at::Tensor moved = to_device(bytes[i].images, at::kCPU);
    EXPECT_TRUE(at::allclose(moved, floats[i].images, 0, 1e-6)) << i;
    EXPECT_TRUE(moved.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
  EXPECT_TRUE(at::equal(to_device(floats[0].images, at::kCPU), floats[0].images));
}

TEST_F(Loading, ADamagedRecordIsNamedWhenItsTurnHasCome) {
  const EpochPlan plan({kSamples, 12, 1, 1, 5});
  const auto ids = plan.sample_ids(0, 3, 0, 0);
  std::vector<std::int64_t> damaged;  // two of the fourth batch: the first is reported
  for (const std::int64_t id : ids) {
    if (id % 3 == 0 || damaged.size() == 2) continue;
    dataset_.payload(id).resize(200);
    damaged.push_back(id);
  }
  for (const int workers : {0, 1, 4}) {
    const auto loader = train(workers);
    loader->start_epoch(0);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(loader->next().has_value());
    for (int again = 0; again < 2; ++again) {
      try {
        static_cast<void>(loader->next());
        FAIL() << "no error";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadData);
        EXPECT_THAT(error.what(), HasSubstr(join_text("memory record ", damaged[0], ": damaged")));
      }
    }
    loader->start_epoch(0, 4);  // past it
    EXPECT_EQ(rest(*loader).size(), 3u);
  }
}

// A data set that counts its reads.
class CountingDataset final : public shard::Dataset {
 public:
  explicit CountingDataset(const shard::Dataset& inner) : inner_(inner) {}
  std::int64_t size() const override { return inner_.size(); }
  const std::vector<std::string>& classes() const override { return inner_.classes(); }
  const std::string& hash() const override { return inner_.hash(); }
  shard::RecordInfo info(std::int64_t sample) const override { return inner_.info(sample); }
  void read(std::int64_t sample, shard::Record& out) const override {
    ++reads_;
    inner_.read(sample, out);
  }
  std::string locate(std::int64_t sample) const override { return inner_.locate(sample); }
  [[nodiscard]] int reads() const { return reads_; }

 private:
  const shard::Dataset& inner_;
  mutable std::atomic<int> reads_{0};
};

TEST_F(Loading, RunsAheadByTheQueueAndNoFurther) {
  const CountingDataset counting(dataset_);
  LoaderOptions options;
  options.workers = 3;
  options.queue_batches = 2;
  TrainLoader loader(counting, EpochPlan({kSamples, 12, 1, 1, 5}), 0, transform_, options);
  loader.start_epoch(0);
  while (counting.reads() < 36) std::this_thread::yield();  // queue and the one in the making
  ASSERT_TRUE(loader.next().has_value());
  while (counting.reads() < 48) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // time to go too far
  loader.start_epoch(0, 7);  // joins the threads: nobody reads any more
  EXPECT_EQ(counting.reads(), 48);
}

TEST_F(Loading, EndsCleanlyFromEveryState) {
  for (const int workers : {0, 1, 4}) {
    train(workers);  // never started
    train(workers)->start_epoch(0);
    {
      const auto loader = train(workers);  // in mid-epoch
      loader->start_epoch(0);
      ASSERT_TRUE(loader->next().has_value());
    }
    {
      const auto loader = train(workers);  // at the end
      EXPECT_EQ(epoch(*loader, 0).size(), 7u);
      EXPECT_FALSE(loader->next().has_value());
    }
  }
}

TEST_F(Loading, EvaluationSeesEverySampleOnceOnAnyNumberOfRanks) {
  std::vector<at::Tensor> expected;
  for (const int ranks : {1, 2, 5, 9}) {
    std::vector<at::Tensor> images;
    std::int64_t next = 0;
    for (int rank = 0; rank < ranks; ++rank) {
      LoaderOptions options;
      options.workers = rank % 3;
      EvalLoader loader(dataset_, EvalPlan(kSamples, 16, ranks), rank, transform_, options);
      for (int round = 0; round < 2; ++round) {  // it may be started again
        const std::int64_t first = next;
        loader.start();
        while (auto batch = loader.next()) {
          for (const std::int64_t id : batch->sample_ids) EXPECT_EQ(id, next++);
          if (round == 1) images.push_back(std::move(batch->images));
        }
        if (round == 0) next = first;
      }
    }
    EXPECT_EQ(next, kSamples);
    ASSERT_EQ(images.size(), 6u);
    EXPECT_EQ(images.back().size(0), kSamples % 16);
    if (expected.empty()) expected = images;
    for (std::size_t i = 0; i < images.size(); ++i) EXPECT_TRUE(at::equal(images[i], expected[i]));
  }
}

TEST_F(Loading, ADamagedRecordIsReplacedByItsNeighbourOnAnyNumberOfWorkers) {
  for (const std::int64_t bad : {4, 5, 89}) dataset_.payload(bad)[0] ^= std::byte{1};
  std::vector<Batch> expected;
  for (const int workers : {0, 1, 4}) {
    LoaderOptions options;
    options.workers = workers;
    options.replace_bad = true;
    TrainLoader loader(dataset_, EpochPlan({kSamples, 90, 1, 1, 5}), 0, transform_, options);
    loader.start_epoch(3);
    const std::vector<Batch> batches = rest(loader);
    ASSERT_EQ(batches.size(), 1u);
    const Batch& batch = batches[0];
    ASSERT_EQ(batch.replaced.size(), 3u);
    std::map<std::int64_t, std::int64_t> by;
    std::size_t before = 0;
    for (const Replacement& one : batch.replaced) {
      EXPECT_LE(before, one.at);
      before = one.at;
      by[one.sample] = one.by;
      EXPECT_EQ(batch.sample_ids[one.at], one.sample);
      EXPECT_EQ(batch.targets[static_cast<std::int64_t>(one.at)].item<std::int64_t>(), one.by);
      EXPECT_THAT(one.reason, HasSubstr("memory record " + std::to_string(one.sample)));
    }
    EXPECT_EQ(by, (std::map<std::int64_t, std::int64_t>{{4, 6}, {5, 6}, {89, 0}}));
    if (workers == 0) expected = epoch(loader, 3);
    EXPECT_TRUE(at::equal(batch.images, expected[0].images));
  }
  // Evaluation counts every image once or not at all.
  LoaderOptions options;
  options.replace_bad = true;
  EvalLoader loader(dataset_, EvalPlan(kSamples, 16, 1), 0, transform_, options);
  loader.start();
  EXPECT_THROW((void)loader.next(), Error);
}

TEST_F(Loading, NothingReplacesARecordWhoseShardIsDamagedThroughout) {
  for (std::int64_t sample = 0; sample < kSamples; ++sample) dataset_.payload(sample).resize(1);
  LoaderOptions options;
  options.replace_bad = true;
  TrainLoader loader(dataset_, EpochPlan({kSamples, 12, 1, 1, 5}), 0, transform_, options);
  loader.start_epoch(0);
  EXPECT_THROW((void)loader.next(), Error);
}

TEST_F(Loading, BadOptionsNameTheirKey) {
  LoaderOptions options;
  options.workers = -1;
  const EpochPlan plan({kSamples, 12, 1, 1, 5});
  try {
    const TrainLoader loader(dataset_, plan, 0, transform_, options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("workers -1"));
  }
}

}  // namespace
}  // namespace ringmaster::data
