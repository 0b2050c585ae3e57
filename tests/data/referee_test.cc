// Resizing and the evaluation's transform against torchvision: make_references.py asks it.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include <gtest/gtest.h>

#include "data/loader.h"
#include "image/resize.h"
#include "tests/support/memory_dataset.h"
#include "tests/support/reference_files.h"

namespace ringmaster::data {
namespace {

struct Case {
  std::string name;
  int height = 0, width = 0, a = 0, b = 0;
  std::vector<std::uint8_t> source, result;
};

class Torchvision : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = std::make_unique<testing::ReferenceFiles>("tests/data/make_references.py");
  }
  static void TearDownTestSuite() { files_.reset(); }

  static std::vector<Case> cases(const std::string& folder) {
    std::istringstream index(files_->text(folder + "/index"));
    std::vector<Case> all;
    Case c;
    while (index >> c.name >> c.height >> c.width >> c.a >> c.b) {
      c.source = files_->bytes(folder + "/" + c.name + ".src");
      c.result = files_->bytes(folder + "/" + c.name + ".dst");
      all.push_back(c);
    }
    return all;
  }

 private:
  static std::unique_ptr<testing::ReferenceFiles> files_;
};

std::unique_ptr<testing::ReferenceFiles> Torchvision::files_;

// The same kernel, so the same bits; a level is allowed for machines on which ATen chooses another
// one by memory format.
TEST_F(Torchvision, Resizes) {
  const auto all = cases("resize");
  ASSERT_EQ(all.size(), 71u);
  for (const Case& c : all) {
    image::Image out;
    image::resize_rgb({c.height, c.width, 3, c.source}, c.a, c.b, out);
    ASSERT_EQ(out.pixels.size(), c.result.size());
    int largest = 0;
    for (std::size_t i = 0; i < c.result.size(); ++i)
      largest = std::max(largest, std::abs(out.pixels[i] - c.result[i]));
    EXPECT_LE(largest, 1) << c.height << " x " << c.width << " to " << c.a << " x " << c.b;
  }
}

// A level of 8 bits is 0.0175 after normalisation.
TEST_F(Torchvision, Evaluates) {
  const auto all = cases("eval");
  ASSERT_EQ(all.size(), 9u);
  for (const Case& c : all) {
    testing::MemoryDataset dataset;
    dataset.add_raw(c.height, c.width, 3, 0, c.source);
    TransformOptions transform;
    transform.eval_resize = c.a;
    transform.image_size = c.b;
    EvalLoader loader(dataset, EvalPlan(1, 1, 1), 0, transform, {});
    loader.start();
    const Batch batch = std::move(*loader.next());
    std::vector<float> expected(c.result.size() / sizeof(float));
    std::memcpy(expected.data(), c.result.data(), c.result.size());
    ASSERT_EQ(batch.images.numel(), static_cast<std::int64_t>(expected.size()));
    const float* ours = batch.images.const_data_ptr<float>();
    double largest = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      largest = std::max(largest, static_cast<double>(std::abs(ours[i] - expected[i])));
    EXPECT_LT(largest, 2e-6) << c.name << ": " << c.height << " x " << c.width;
  }
}

}  // namespace
}  // namespace ringmaster::data
