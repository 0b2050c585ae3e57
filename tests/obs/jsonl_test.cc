#include "obs/jsonl.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/check.h"

namespace ringmaster::obs {
namespace {

std::string refusal(const std::string& line) {
  try {
    (void)parse_line(line, "log.jsonl:7");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadData) << line;
    return error.what();
  }
  ADD_FAILURE() << "no error for " << line;
  return "";
}

TEST(Jsonl, StepLine) {
  StepReport report;
  report.step = 20;
  report.epoch = 3;
  report.loss = 0.1 + 0.2;
  report.lr = 5e-4;
  report.images_per_second = 1234.5;
  report.time = 1700000000.1234;
  const std::string line = to_line(report, 2);
  EXPECT_EQ(line,
            "{\"kind\":\"step\",\"attempt\":2,\"step\":20,\"time\":1700000000.123,\"epoch\":3,"
            "\"loss\":0.30000000000000004,\"lr\":0.0005,\"momentum\":null,"
            "\"images_per_second\":1234.5,\"data_wait_s\":null,\"comm_wait_s\":null}\n");

  const Line back = parse_line(line.substr(0, line.size() - 1), "f:1");
  EXPECT_EQ(back.attempt, 2);
  const auto& step = std::get<StepReport>(back.report);
  EXPECT_EQ(step.loss, 0.1 + 0.2);
  EXPECT_TRUE(std::isnan(step.momentum));
  EXPECT_FALSE(step.grad_norm.has_value());
  EXPECT_FALSE(step.skipped);
}

TEST(Jsonl, OptionalFieldsAreWrittenWhereTheyAre) {
  StepReport report;
  report.grad_norm = 2.5;
  report.skipped = true;
  const auto step = std::get<StepReport>(parse_line(to_line(report, 1), "f:1").report);
  EXPECT_EQ(step.grad_norm, 2.5);
  EXPECT_TRUE(step.skipped);
}

TEST(Jsonl, EpochLineHasTheDocumentedKeys) {
  EpochReport report;
  report.epoch = 2;
  report.step = 938;
  report.train_loss = 1.5;
  report.train_top1 = 60.25;
  report.train_top5 = 90;
  report.val_loss = INFINITY;  // not finite: null
  report.val_top1 = 87.5;
  report.val_top5 = 99.5;
  report.val_hits1 = 8750;
  report.val_hits5 = 9950;
  report.val_n = 10000;
  report.lr = 0.1;
  report.seconds = 12.5;
  report.images_per_second = 5000;
  EXPECT_EQ(to_line(report, 1),
            "{\"kind\":\"epoch\",\"attempt\":1,\"step\":938,\"time\":0.0,\"epoch\":2,"
            "\"train_loss\":1.5,\"train_top1\":60.25,\"train_top5\":90.0,\"val_loss\":null,"
            "\"val_top1\":87.5,\"val_top5\":99.5,\"val_hits1\":8750,\"val_hits5\":9950,"
            "\"val_n\":10000,\"lr\":0.1,\"seconds\":12.5,\"images_per_second\":5000.0}\n");
  const auto epoch = std::get<EpochReport>(parse_line(to_line(report, 1), "f:1").report);
  EXPECT_EQ(epoch.val_hits5, 9950);
  EXPECT_EQ(epoch.seconds, 12.5);
}

TEST(Jsonl, EventKeepsItsFieldsInOrder) {
  Event event;
  event.kind = EventKind::kSave;
  event.step = 50;
  event.fields = {{"path", "a/\xff.pt"},
                  {"ok", true},
                  {"bytes", std::int64_t{1} << 40},
                  {"wait_s", 0.25},
                  {"step", std::int64_t{3}}};  // the last says nothing new
  EXPECT_EQ(to_line(event, 3),
            "{\"kind\":\"save\",\"attempt\":3,\"step\":50,\"time\":0.0,\"path\":\"a/\xef\xbf\xbd"
            ".pt\",\"ok\":true,\"bytes\":1099511627776,\"wait_s\":0.25}\n");
  const auto back = std::get<Event>(parse_line(to_line(event, 3), "f:1").report);
  EXPECT_EQ(back.kind, EventKind::kSave);
  EXPECT_EQ(back.step, 50);
  ASSERT_EQ(back.fields.size(), 4u);
  EXPECT_EQ(std::get<bool>(back.fields[1].second), true);
  EXPECT_EQ(std::get<std::int64_t>(back.fields[2].second), std::int64_t{1} << 40);
  EXPECT_EQ(std::get<double>(back.fields[3].second), 0.25);
}

TEST(Jsonl, UnknownKeysArePassedOver) {
  const auto line =
      parse_line(R"({"kind":"step","attempt":1,"step":2,"epoch":1,"loss":0.5,"new":[1]})", "f:1");
  EXPECT_EQ(std::get<StepReport>(line.report).loss, 0.5);
}

TEST(Jsonl, BadLinesAreRefused) {
  for (const char* text : {"", "[]", "1", "{\"kind\":\"step\"", "{}{}"})
    EXPECT_EQ(refusal(text), "log.jsonl:7: this line of the log is no JSON object");
  EXPECT_NE(refusal(R"({"kind":"step"})").find("'attempt' is not an integer"), std::string::npos);
  EXPECT_NE(refusal(R"({"attempt":1})").find("'kind' is not text"), std::string::npos);
  EXPECT_NE(refusal(R"({"kind":"stpe","attempt":1,"step":1})").find("'stpe' is no kind"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"kind":"step","attempt":1,"epoch":1})").find("'step' is not an integer"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"kind":"step","attempt":1,"step":1.5,"epoch":1})").find("'step'"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"kind":"save","attempt":18446744073709551615,"step":1})").find("'attempt'"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"kind":"step","attempt":1,"step":1,"epoch":1,"lr":"x"})")
                .find("'lr' is not a number"),
            std::string::npos);
}

}  // namespace
}  // namespace ringmaster::obs
