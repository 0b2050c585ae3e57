#include "scaling/report.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "obs/jsonl.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::scaling {
namespace {

using ::testing::HasSubstr;

constexpr double kImages = 32;  // a rank and step, of the weak runs

// The log of a run whose steps take `step_s`, of which `comm_s` and `data_s` are waits; the first
// steps take longer. `other_s`: what every other step takes instead.
std::string log_of(int hosts, int ranks, double step_s, double comm_s, double data_s, double images,
                   double other_s = 0, double threads_per_core = 0) {
  obs::Event start;
  start.kind = obs::EventKind::kStart;
  start.fields = {{"ranks", std::int64_t{ranks}},
                  {"hosts", std::int64_t{hosts}},
                  {"gradient_bytes", std::int64_t{45'000'000}},
                  {"buckets", std::int64_t{4}},
                  {"last_bucket_bytes", std::int64_t{10'000'000}},
                  {"allreduce", std::string("ring over MPI")}};
  if (threads_per_core > 0) start.fields.emplace_back("threads_per_core", threads_per_core);
  start.time = 1000;
  std::string text = to_line(start, 1);
  double time = 1000;
  for (int number = 1; number <= 8; ++number) {
    const double steady_s = other_s > 0 && number % 2 == 0 ? other_s : step_s;
    const double seconds = number <= 2 ? 10 * step_s : steady_s;
    obs::StepReport step;
    step.step = number;
    step.epoch = 1;
    step.time = time += seconds;
    step.images_per_second = images / seconds;
    step.comm_wait_s = comm_s;
    step.data_wait_s = data_s;
    text += to_line(step, 1);
  }
  return text;
}

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

// A series on links of 50 us and 1 Gbit/s that behaves as the model says.
class Scaling : public ::testing::Test {
 protected:
  Scaling() {
    const Gradients gradients{45e6, 10e6, 4};
    for (const int hosts : {1, 2, 4}) {
      const double exposed = exposed_s(kNetwork, {hosts, 1}, gradients, Algorithm::kRing, 0.3);
      write(folder_ / ("weak-" + std::to_string(hosts) + "/log.jsonl"),
            log_of(hosts, hosts, 0.31 + exposed, exposed, 0.01, kImages * hosts));
    }
    // A step costs 0.1 s, and 6.25 ms an image; four times the images of a weak run's rank.
    for (const int hosts : {1, 2, 4}) {
      const double compute_s = 0.1 + 0.2 * 4 / hosts;
      const double exposed =
          exposed_s(kNetwork, {hosts, 1}, gradients, Algorithm::kRing, compute_s);
      write(folder_ / ("strong-" + std::to_string(hosts) + "/log.jsonl"),
            log_of(hosts, hosts, compute_s + 0.01 + exposed, exposed, 0.01, kImages * 4));
    }
    for (const int hosts : {2, 4}) {
      std::string rows;
      for (const double bytes : {65536.0, 1048576.0, 16777216.0}) {
        const double us = 1e6 * ring_s(kNetwork, {hosts, 1}, bytes);
        rows += R"({"what": "ring over MPI", "bytes": )" + std::to_string(bytes) +
                R"(, "time_us": )" + std::to_string(us) + "}\n";
      }
      rows += R"({"what": "MPI's own", "bytes": 1000, "time_us": 1})"
              "\n";
      write(folder_ / ("allreduce-" + std::to_string(hosts) + ".jsonl"), rows);
    }
  }

  static constexpr Network kNetwork{{50e-6, 8e-9}, 0};
  const testing::TempDir folder_;
  const std::unique_ptr<FileSystem> files_ = posix_file_system();
};

TEST_F(Scaling, ReadsTheSteadySteps) {
  const Series series = read_series(*files_, folder_.path());
  ASSERT_EQ(series.runs.size(), 6U);
  const scaling::Run& run = series.runs[0];
  EXPECT_EQ(run.shape, (Shape{1, 1}));
  EXPECT_NEAR(run.step_s, 0.31, 1e-3);  // times are logged in milliseconds
  EXPECT_NEAR(run.images_per_second, kImages / 0.31, 1e-6);
  EXPECT_NEAR(run.compute_s(), 0.3, 1e-3);
  EXPECT_EQ(series.samples.size(), 6U);  // MPI's own is none of them
}

TEST_F(Scaling, CountsTheImagesOfUnevenSteps) {
  const scaling::Run run = read_run(log_of(1, 1, 0.08, 0, 0, 12, 0.12), "weak", "log");
  EXPECT_EQ(run.images, 12);
  EXPECT_NEAR(run.step_s, 0.1, 1e-6);
}

TEST_F(Scaling, PredictsWhatFollowsTheModel) {
  const Report report = make_report(read_series(*files_, folder_.path()), {});
  EXPECT_NEAR(report.network.wire.beta_s, 8e-9, 1e-12);
  EXPECT_EQ(report.fitted_on, (Shape{2, 1}));
  for (const Row& row : report.rows) {
    EXPECT_NEAR(row.error(), 0, 0.01) << row.run.shape.hosts;
    EXPECT_NEAR(row.predicted_exposed_s, row.run.comm_wait_s, 0.01) << row.run.shape.hosts;
  }
  EXPECT_DOUBLE_EQ(report.rows[0].efficiency, 1);
  EXPECT_NEAR(report.rows[1].efficiency, 0.31 / report.rows[1].run.step_s, 0.01);
}

// Four ranks on two processors, and two that have one each: the one computes twice as long.
TEST_F(Scaling, RanksThatShareProcessorsComputeLonger) {
  const Gradients gradients{45e6, 10e6, 4};
  for (const int hosts : {1, 2, 4}) {
    const double crowding = std::max(1.0, hosts / 2.0), compute_s = 0.3 * crowding;
    const double exposed = exposed_s(kNetwork, {hosts, 1}, gradients, Algorithm::kRing, compute_s);
    write(folder_ / ("weak-" + std::to_string(hosts) + "/log.jsonl"),
          log_of(hosts, hosts, compute_s + 0.01 + exposed, exposed, 0.01, kImages * hosts, 0,
                 hosts / 2.0));
  }
  const Report report = make_report(read_series(*files_, folder_.path()), {});
  ASSERT_EQ(report.rows[2].run.shape, (Shape{4, 1}));
  EXPECT_DOUBLE_EQ(report.rows[2].run.crowding(), 2);
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_NEAR(report.rows[row].error(), 0, 0.01) << row;
    EXPECT_NEAR(report.rows[row].predicted_exposed_s, report.rows[row].run.comm_wait_s, 0.01);
  }
}

// A series that begins with crowded ranks says how long one of them computes by itself.
TEST_F(Scaling, TheSmallestRunMayBeCrowdedToo) {
  write(folder_ / "weak-1/log.jsonl", log_of(1, 1, 0.61, 0, 0.01, kImages, 0, 2.0));
  const Report report = make_report(read_series(*files_, folder_.path()), {});
  EXPECT_NEAR(report.rows[0].error(), 0, 0.01);
  EXPECT_NEAR(report.rows[1].error(), 0, 0.01);
}

TEST_F(Scaling, ForecastsLargerClusters) {
  ReportOptions options;
  options.link_gbps = 400;
  options.sizes = {64, 4096};
  const Report report = make_report(read_series(*files_, folder_.path()), options);
  ASSERT_EQ(report.forecasts.size(), 2U);
  EXPECT_EQ(report.forecasts[1].shape, (Shape{512, 8}));
  EXPECT_DOUBLE_EQ(report.network.wire.beta_s, 2e-11);
  EXPECT_LT(report.forecasts[1].ring_efficiency, report.forecasts[1].hierarchical_efficiency);
  EXPECT_GT(report.forecasts[0].ring_efficiency, report.forecasts[1].ring_efficiency);
  EXPECT_THAT(to_text(report), HasSubstr("| 4096 | 512 |"));
  EXPECT_THAT(to_json(report), HasSubstr("\"gpus\": 4096"));
}

TEST_F(Scaling, DrawsIt) {
  draw(*files_, folder_.path(), make_report(read_series(*files_, folder_.path()), {}));
  EXPECT_GT(files_->size_bytes(folder_ / "scaling.png"), 5000U);
  EXPECT_GT(files_->size_bytes(folder_ / "forecast.png"), 5000U);
}

void expect_bad_data(FileSystem& files, const std::string& folder, const std::string& what) {
  try {
    std::ignore = make_report(read_series(files, folder), {});
    FAIL() << "no error, where " << what << " is wrong";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadData) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(what));
  }
}

TEST_F(Scaling, NamesWhatIsMissing) {
  write(folder_ / "allreduce-2.jsonl", "{}\n");
  expect_bad_data(*files_, folder_.path(), "allreduce-2.jsonl:1");
  std::filesystem::remove(folder_ / "allreduce-2.jsonl");
  std::filesystem::remove(folder_ / "allreduce-4.jsonl");
  expect_bad_data(*files_, folder_.path(), "bench allreduce");
  const std::string log = log_of(1, 1, 0.3, 0, 0, 32);
  write(folder_ / "weak-1/log.jsonl", log.substr(0, log.find("\"step\":3")));
  expect_bad_data(*files_, folder_.path(), "weak-1/log.jsonl");
  const testing::TempDir empty;
  expect_bad_data(*files_, empty.path(), "no runs of a series");
}

}  // namespace
}  // namespace ringmaster::scaling
