#include "obs/table.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/file.h"
#include "obs/rate.h"
#include "obs/summary.h"
#include "obs/table_sinks.h"
#include "obs/text.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::obs {
namespace {

EpochReport epoch_row(std::int64_t epoch, double top1) {
  EpochReport report;
  report.epoch = epoch;
  report.step = 469 * epoch;
  report.train_loss = 1.0 / 3;
  report.train_top1 = 80;
  report.train_top5 = 99;
  report.val_loss = 0.51234;
  report.val_top1 = top1;
  report.val_top5 = 99.87;
  report.val_hits1 = static_cast<std::int64_t>(100 * top1);
  report.val_hits5 = 9987;
  report.val_n = 10000;
  report.lr = 0.0050491;
  report.seconds = 4721.96;
  report.images_per_second = 345.67;
  return report;
}

History two_epochs() {
  History history;
  history.attempts = 1;
  history.epochs = {epoch_row(1, 88.5), epoch_row(2, 87.25)};
  return history;
}

constexpr const char* kTable =
    "| Epoch | Train Loss | Val Loss | Top1 (%) | Top5 (%) |       LR | Epoch Time (s) |\n"
    "|------:|-----------:|---------:|---------:|---------:|---------:|---------------:|\n"
    "|     1 |     0.3333 |   0.5123 |    88.50 |    99.87 | 0.005049 |         4722.0 |\n"
    "|     2 |     0.3333 |   0.5123 |    87.25 |    99.87 | 0.005049 |         4722.0 |\n";

TEST(Table, MarkdownAsTheRecipeHasIt) {
  EXPECT_EQ(markdown_table(two_epochs()), kTable);
}

TEST(Table, HeadWithoutRows) {
  EXPECT_EQ(markdown_table({}),
            "| Epoch | Train Loss | Val Loss | Top1 (%) | Top5 (%) | LR | Epoch Time (s) |\n"
            "|------:|-----------:|---------:|---------:|---------:|---:|---------------:|\n");
  EXPECT_EQ(json_list({}), "[]\n");
}

TEST(Table, WhatDidNotConvergeIsNoNumber) {
  History history = two_epochs();
  history.epochs[0].train_loss = kUnknown;
  EXPECT_NE(markdown_table(history).find("|     1 |          - |"), std::string::npos);
  EXPECT_NE(json_list(history).find("\"train_loss\": null"), std::string::npos);
}

TEST(Table, JsonHasTheRecipesKeys) {
  History history = two_epochs();
  history.epochs.resize(1);
  EXPECT_EQ(json_list(history),
            "[\n"
            "  {\n"
            "    \"epoch\": 1,\n"
            "    \"train_loss\": 0.3333333333333333,\n"
            "    \"train_accuracy\": 80.0,\n"
            "    \"train_accuracy_top5\": 99.0,\n"
            "    \"test_loss\": 0.51234,\n"
            "    \"test_accuracy\": 88.5,\n"
            "    \"test_accuracy_top5\": 99.87,\n"
            "    \"learning_rate\": 0.0050491,\n"
            "    \"epoch_time\": 4721.96\n"
            "  }\n"
            "]\n");
}

TEST(TableSinks, FilesAreRightAfterAResumeAndAfterEachEpoch) {
  const testing::TempDir dir;
  const auto files = posix_file_system();
  MarkdownSink markdown(*files, dir / "log.md");
  JsonListSink json(*files, dir / "log.json");
  write_atomically(*files, dir / "log.md", "rows of steps that were undone");

  History history = two_epochs();
  history.epochs.resize(1);
  markdown.on_begin(history);
  json.on_begin(history);
  EXPECT_EQ(read_text(*files, dir / "log.md"), markdown_table(history));
  EXPECT_EQ(read_text(*files, dir / "log.json"), json_list(history));

  history = two_epochs();
  markdown.on_epoch(history.epochs.back(), history);
  json.on_epoch(history.epochs.back(), history);
  EXPECT_EQ(read_text(*files, dir / "log.md"), kTable);
  EXPECT_EQ(read_text(*files, dir / "log.json"), json_list(history));
}

TEST(Summary, TableAccuracyAndWhereThingsLie) {
  EXPECT_EQ(
      summary_text(two_epochs(), RunDir("runs/x")),
      std::string(kTable) +
          "\n"
          "best        epoch 1: top-1 88.50 % (8850 of 10000), top-5 99.87 % (9987 of 10000)\n"
          "last        epoch 2: top-1 87.25 % (8725 of 10000), top-5 99.87 % (9987 of 10000)\n"
          "worked      2 epochs, 938 steps, 2:37:24, last epoch at 345.7 img/s, 1 attempt\n"
          "table       runs/x/training_log.md\n"
          "plots       runs/x/plots/loss.png, accuracy.png, lr.png\n"
          "log         runs/x/log.jsonl, runs/x/ranks/rank000.log\n"
          "checkpoints runs/x/checkpoints/checkpoint.pt, runs/x/checkpoints/best.pt\n");
  EXPECT_NE(summary_text({}, RunDir("r")).find("no epoch has ended yet"), std::string::npos);
}

TEST(Text, NumbersAndDurations) {
  EXPECT_EQ(fixed(0.125, 1), "0.1");
  EXPECT_EQ(fixed(-2, 2), "-2.00");
  EXPECT_EQ(fixed(1e300, 0).size(), 301u);
  EXPECT_EQ(fixed(kUnknown, 2), "-");
  EXPECT_EQ(right_aligned("ab", 4), "  ab");
  EXPECT_EQ(right_aligned("abcde", 4), "abcde");
  EXPECT_EQ(duration(0), "0:00:00");
  EXPECT_EQ(duration(312.4), "0:05:12");
  EXPECT_EQ(duration(97200), "27:00:00");
  EXPECT_EQ(duration(kUnknown), "-:--:--");
  EXPECT_EQ(duration(-1), "-:--:--");
}

TEST(Rate, OverTheWindow) {
  RateWindow window;
  EXPECT_TRUE(std::isnan(window.images_per_second()));
  window.add(100, 2);
  window.add(100, 3);
  EXPECT_EQ(window.images_per_second(), 40);
  window.restart();
  window.add(10, 1);
  EXPECT_EQ(window.images_per_second(), 10);
  EXPECT_EQ(eta_seconds(10, 4, 6), 15);
  EXPECT_TRUE(std::isnan(eta_seconds(10, 0, 6)));
}

}  // namespace
}  // namespace ringmaster::obs
