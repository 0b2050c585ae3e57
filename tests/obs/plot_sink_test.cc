#include "obs/plot_sink.h"

#include <cerrno>
#include <cmath>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/check.h"
#include "obs/plot_script.h"
#include "tests/obs/referee.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::obs {
namespace {

History history_of(std::int64_t epochs) {
  History history;
  for (std::int64_t step = 10; step <= 100 * epochs; step += 10) {
    StepReport report;
    report.step = step;
    report.loss = 2.3 / std::sqrt(static_cast<double>(step));
    report.lr = 1e-3 * static_cast<double>(step);
    history.steps.push_back(report);
  }
  for (std::int64_t epoch = 1; epoch <= epochs; ++epoch) {
    EpochReport report;
    report.epoch = epoch;
    report.step = 100 * epoch;
    report.train_loss = 2.0 / static_cast<double>(epoch);
    report.val_loss = 2.5 / static_cast<double>(epoch);
    report.train_top1 = report.val_top1 = 90 - 10.0 / static_cast<double>(epoch);
    report.train_top5 = report.val_top5 = 99;
    report.lr = 0.1;
    history.epochs.push_back(report);
  }
  return history;
}

bool has_no_child() {
  return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
}

class PlotTest : public ::testing::Test {
 protected:
  // A stand-in for gnuplot: a shell script.
  std::string write_program(const std::string& text) {
    const std::string path = dir_ / "program";
    write_atomically(*files_, path, "#!/bin/sh\n" + text);
    ::chmod(path.c_str(), 0755);
    return path;
  }
  std::string error_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kIo);
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }
  std::string plots() const { return dir_ / "plots"; }

  testing::TempDir dir_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
};

TEST_F(PlotTest, DrawsThreePngsAndLeavesNoProcess) {
  for (const std::int64_t epochs : {1, 3}) {
    PlotSink sink(*files_, plots());
    sink.on_begin({});
    const History history = history_of(epochs);
    sink.on_epoch(history.epochs.back(), history);
    sink.flush();
    EXPECT_TRUE(has_no_child());
    EXPECT_EQ(read_text(*files_, join_path(plots(), "gnuplot.log")).find("rror"),
              std::string::npos);
    EXPECT_EQ(testing::ask_referee("png_referee.py", {join_path(plots(), "loss.png"),
                                                      join_path(plots(), "accuracy.png"),
                                                      join_path(plots(), "lr.png")}),
              "loss.png PNG 1200 800 drawn\n"
              "accuracy.png PNG 1200 800 drawn\n"
              "lr.png PNG 1200 800 drawn\n");
    for (const std::string& name : files_->list(plots()))
      EXPECT_EQ(name.find(".tmp"), std::string::npos);
  }
}

TEST_F(PlotTest, ResumeDrawsTheWholeHistory) {
  PlotSink sink(*files_, plots());
  sink.on_begin(history_of(2));
  sink.flush();
  EXPECT_TRUE(files_->exists(join_path(plots(), "loss.png")));
}

TEST_F(PlotTest, LossesThatAreNoNumbersAreLeftOut) {
  History history = history_of(2);
  for (EpochReport& epoch : history.epochs) epoch.train_loss = kUnknown;
  history.epochs[0].val_loss = kUnknown;
  for (StepReport& step : history.steps) step.loss = INFINITY;
  EXPECT_EQ(plot_script(history).find("nan"), std::string::npos);
  EXPECT_EQ(plot_script(history).find("inf"), std::string::npos);
  PlotSink sink(*files_, plots());
  sink.on_begin(history);
  sink.flush();  // gnuplot's exit code is checked
  EXPECT_TRUE(files_->exists(join_path(plots(), "loss.png")));
}

TEST_F(PlotTest, NothingIsDrawnBeforeTheFirstEpoch) {
  EXPECT_EQ(plot_script({}), "");
  PlotSink sink(*files_, plots(), write_program("touch ran\n"));
  sink.on_begin({});
  sink.flush();
  EXPECT_FALSE(files_->exists(join_path(plots(), "ran")));
}

TEST_F(PlotTest, LongRunsGiveSmallScripts) {
  History history = history_of(1);
  history.epochs[0].step = 450'000;
  history.steps.resize(450'000, history.steps[0]);
  for (std::size_t i = 0; i < history.steps.size(); ++i)
    history.steps[i].step = static_cast<std::int64_t>(i) + 1;
  EXPECT_LT(plot_script(history).size(), 200'000u);
}

TEST_F(PlotTest, MissingGnuplotIsNamed) {
  PlotSink sink(*files_, plots(), "no-such-gnuplot");
  EXPECT_EQ(error_of([&] { sink.on_begin(history_of(1)); }),
            "can't start no-such-gnuplot: No such file or directory");
  sink.flush();
  EXPECT_TRUE(has_no_child());
}

TEST_F(PlotTest, FailingGnuplotIsNamedWithItsLog) {
  const std::string program = write_program("echo broken >&2; exit 3\n");
  PlotSink sink(*files_, plots(), program);
  sink.on_begin(history_of(1));
  EXPECT_EQ(error_of([&] { sink.flush(); }),
            program + " ended with code 3: see " + join_path(plots(), "gnuplot.log"));
  EXPECT_EQ(read_text(*files_, join_path(plots(), "gnuplot.log")), "broken\n");
}

TEST_F(PlotTest, TheNewestHistoryIsDrawnAfterTheOneUnderWay) {
  // Runs until it is told, so that the second and third epochs come while the first is drawn.
  const std::string program =
      write_program("while [ ! -e go ]; do sleep 0.01; done; cat \"$1\" >> drawn; echo >> runs\n");
  PlotSink sink(*files_, plots(), program);
  sink.on_begin(history_of(1));
  sink.on_epoch({}, history_of(2));
  sink.on_epoch({}, history_of(3));
  write_atomically(*files_, join_path(plots(), "go"), "");
  sink.flush();
  EXPECT_EQ(read_text(*files_, join_path(plots(), "runs")), "\n\n");
  EXPECT_NE(read_text(*files_, join_path(plots(), "drawn")).find(plot_script(history_of(3))),
            std::string::npos);
  EXPECT_TRUE(has_no_child());
}

TEST_F(PlotTest, HangingGnuplotIsKilled) {
  {
    PlotSink sink(*files_, plots(), write_program("exec sleep 1000\n"), /*patience_s=*/0.05);
    sink.on_begin(history_of(1));
    EXPECT_NE(error_of([&] { sink.flush(); }).find("was killed"), std::string::npos);
    EXPECT_TRUE(has_no_child());
    sink.on_epoch({}, history_of(2));
  }
  EXPECT_TRUE(has_no_child());  // the destructor's turn
}

TEST_F(PlotTest, ChildInheritsNoDescriptorsAndKnowsItsFolder) {
  files_->make_dirs(plots());
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);  // not close-on-exec, as sockets of MPI's are
  ChildProcess child({{"/bin/sh", "-c", "pwd; ls /proc/self/fd"}, plots(), dir_ / "out"});
  EXPECT_EQ(child.wait(Deadline::never()), 0);
  EXPECT_EQ(child.poll(), 0);
  // 3 is ls's own, of /proc/self/fd.
  EXPECT_EQ(read_text(*files_, dir_ / "out"), plots() + "\n0\n1\n2\n3\n");
  ::close(ends[0]);
  ::close(ends[1]);

  ChildProcess killed({{"/bin/sh", "-c", "kill -9 $$"}, plots(), dir_ / "out"});
  EXPECT_EQ(killed.wait(Deadline::never()), 128 + 9);
}

}  // namespace
}  // namespace ringmaster::obs
