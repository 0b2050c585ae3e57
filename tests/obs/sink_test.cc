#include "obs/sink.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/file.h"
#include "obs/jsonl_sink.h"
#include "obs/run_dir.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::obs {
namespace {

struct Seen {
  std::vector<std::string> calls;
};

class RecordingSink final : public Sink {
 public:
  explicit RecordingSink(Seen& seen) : seen_(seen) {}
  std::string name() const override { return "recorder"; }
  void on_begin(const History& history) override {
    note("begin", static_cast<std::int64_t>(history.epochs.size()));
  }
  void on_step(const StepReport& report, bool logged) override {
    note(logged ? "logged" : "step", report.step);
  }
  void on_epoch(const EpochReport& report, const History& history) override {
    EXPECT_EQ(history.epochs.back().epoch, report.epoch);
    EXPECT_EQ(report.time, 5);
    note("epoch", report.epoch);
  }
  void on_event(const Event& event) override { note(name_of(event.kind), event.step); }
  void flush() override { note("flush", 0); }

 private:
  void note(const std::string& what, std::int64_t number) {
    seen_.calls.push_back(what + " " + std::to_string(number));
  }
  Seen& seen_;
};

class BrokenSink final : public Sink {
 public:
  std::string name() const override { return "broken"; }
  void on_step(const StepReport& report, bool /*logged*/) override {
    throw Error(ErrorKind::kIo, report.step < 4 ? "disk full" : "disk gone");
  }
};

class SinkTest : public ::testing::Test {
 protected:
  static StepReport step_at(std::int64_t step) {
    StepReport report;
    report.step = step;
    return report;
  }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
};

TEST_F(SinkTest, EveryReportReachesEverySinkWithItsTime) {
  Seen one, two;
  Logger log({});
  History history;
  history.epochs.emplace_back();
  SinkList sinks(history, 2, log, [] { return 5.0; });
  sinks.add(std::make_unique<RecordingSink>(one));
  sinks.add(std::make_unique<RecordingSink>(two));
  sinks.begin();
  Event event;
  event.kind = EventKind::kResume;
  event.step = 2;
  sinks.on_event(event);
  sinks.on_step(step_at(3));
  sinks.on_step(step_at(4));
  EpochReport epoch;
  epoch.epoch = 2;
  sinks.on_epoch(epoch);
  sinks.flush();
  EXPECT_EQ(one.calls, (std::vector<std::string>{"begin 1", "resume 2", "step 3", "logged 4",
                                                 "epoch 2", "flush 0"}));
  EXPECT_EQ(two.calls, one.calls);
  ASSERT_EQ(sinks.history().steps.size(), 1u);  // the logged ones only
  EXPECT_EQ(sinks.history().steps[0].time, 5);
  EXPECT_EQ(sinks.history().epochs.size(), 2u);
}

TEST_F(SinkTest, BrokenSinkWarnsOncePerProblemAndStopsNobody) {
  Seen seen;
  LogOptions options;
  options.file = dir_ / "rank.log";
  Logger log(options);
  SinkList sinks({}, 1, log);
  sinks.add(std::make_unique<BrokenSink>());
  sinks.add(std::make_unique<RecordingSink>(seen));
  for (std::int64_t step = 1; step <= 6; ++step) sinks.on_step(step_at(step));
  EXPECT_EQ(seen.calls.size(), 6u);
  const std::string text = read_text(*files_, options.file);
  EXPECT_NE(text.find("broken: disk full; the run goes on without it"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST_F(SinkTest, FullDiskCostsNoLineAndTearsNone) {
  testing::FaultyFileSystem faulty(*files_);
  const std::string path = dir_ / "log.jsonl";
  JsonlSink sink(faulty, path, 1);
  sink.on_step(step_at(1), true);
  faulty.fill_disk(faulty.calls());
  EXPECT_THROW(sink.on_step(step_at(2), true), Error);
  EXPECT_EQ(read_history(*files_, path).steps.size(), 1u);  // the torn half is left out
  EXPECT_THROW(sink.on_step(step_at(3), true), Error);
  faulty.fail_once(faulty.calls() + 1000, 0);  // there is room again
  sink.on_step(step_at(4), true);
  const History history = read_history(*files_, path);
  ASSERT_EQ(history.steps.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(history.steps[i].step, static_cast<std::int64_t>(i) + 1);
}

TEST_F(SinkTest, RowsAreOnTheDiskAfterAFlush) {
  testing::FaultyFileSystem faulty(*files_);
  const std::string path = dir_ / "log.jsonl";
  JsonlSink sink(faulty, path, 1);
  sink.on_epoch({}, {});
  sink.flush();
  sink.on_step(step_at(1), true);
  faulty.crash_at(faulty.calls());
  EXPECT_THROW(sink.on_step(step_at(2), true), Error);
  const History history = read_history(*files_, path);
  EXPECT_EQ(history.epochs.size(), 1u);
  EXPECT_EQ(history.steps.size(), 0u);
}

TEST(RunDir, NamesOfTheDocumentedFiles) {
  const RunDir dir("runs/a");
  EXPECT_EQ(dir.rank_log(7), "runs/a/ranks/rank007.log");
  EXPECT_EQ(dir.rank_log(1234), "runs/a/ranks/rank1234.log");
  EXPECT_EQ(dir.epoch_checkpoint(0), "runs/a/checkpoints/model_000.pt");
  EXPECT_EQ(dir.plot("loss"), "runs/a/plots/loss.png");
}

}  // namespace
}  // namespace ringmaster::obs
