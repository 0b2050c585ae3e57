#include "data/bench_loader.h"

#include <gtest/gtest.h>

#include "tests/support/memory_dataset.h"
#include "tests/support/photo.h"

namespace ringmaster::data {
namespace {

// How fast is no test's business; that everything is counted is.
TEST(BenchLoader, CountsImagesAndTimeOverTheEnds) {
  testing::MemoryDataset dataset;
  for (std::uint64_t i = 0; i < 10; ++i)
    dataset.add_jpeg(30, 40, 0,
                     testing::encode_jpeg(testing::photo_pixels(30, 40, 3, i), 30, 40, {}));
  for (const int workers : {0, 2}) {
    LoaderBenchOptions options;
    options.workers = workers;
    options.batch = 64;  // more than there are
    options.min_seconds = 0.1;
    options.transform.image_size = 16;
    const LoaderBenchResult result = bench_loader(dataset, options);
    EXPECT_GE(result.seconds, 0.1);
    EXPECT_GT(result.images, 10);  // more than an epoch
    EXPECT_EQ(result.images % 10, 0);
    EXPECT_GT(result.cpu_seconds, 0);
    EXPECT_GT(result.stages.decode, 0);
    EXPECT_GT(result.stages.resize, 0);
    EXPECT_GT(result.images_per_second(), 0);
    EXPECT_GT(result.images_per_cpu_second(), 0);
  }
}

}  // namespace
}  // namespace ringmaster::data
