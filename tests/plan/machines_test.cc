#include "plan/machines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ringmaster::plan {
namespace {

using ::testing::HasSubstr;

std::string refusal(const std::string& json) {
  try {
    (void)parse_table(json, "table.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.what();
  }
  return "no error";
}

// The built-in table with the first `what` replaced.
std::string with(const std::string& what, const std::string& other) {
  std::string text = builtin_table();
  const auto found = text.find(what);
  EXPECT_NE(found, std::string::npos) << what;
  return text.replace(found, what.size(), other);
}

TEST(Machines, TheBuiltInTableHasTheMachinesOfTheDocumentation) {
  const Table table = parse_table(builtin_table(), "built-in");
  for (const char* name : {"p4d", "g5", "p3", "cpu"}) EXPECT_TRUE(table.machines.contains(name));
  for (const char* name : {"imagenet", "fashion-mnist"})
    EXPECT_TRUE(table.data_sets.contains(name));
  EXPECT_EQ(table.machines.at("p4d").ranks, 8);
  EXPECT_FALSE(table.machines.at("p3").images_per_second.contains("bf16"));
}

TEST(Machines, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_THAT(refusal("{"), HasSubstr("table.json is no JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("table.json:  has no machines"));
  EXPECT_THAT(refusal(with("\"ranks\": 2", "\"ranks\": 0")), HasSubstr("machines.cpu.ranks must"));
  EXPECT_THAT(refusal(with("\"ranks\": 8", "\"ranks\": 1.5")),
              HasSubstr("machines.p4d.ranks must"));
  EXPECT_THAT(refusal(with("\"device\": \"cuda\"", "\"device\": \"tpu\"")),
              HasSubstr("machines.p4d has a device"));
  EXPECT_THAT(refusal(with("\"value\": 5.672", "\"value\": -1")),
              HasSubstr("machines.g5.price_per_hour.value must be a number above 0"));
  EXPECT_THAT(refusal(with("\"eval_share\": {\"value\": 0.333, \"source\"",
                           "\"eval_share\": {\"value\": 0.333, \"origin\"")),
              HasSubstr("eval_share has no source"));
  EXPECT_THAT(refusal(with("\"date\": \"2012\"", "\"date\": \"\"")),
              HasSubstr("date must be a text"));
}

}  // namespace
}  // namespace ringmaster::plan
