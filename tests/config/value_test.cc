#include "config/value.h"

#include <clocale>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "config/nearest.h"

namespace ringmaster::config {
namespace {

TEST(Value, IntegersAreExact) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* bad : {"", " 1", "1 ", "1e3", "1.0", "0x10", "9223372036854775808", "1k", "+1"})
    EXPECT_EQ(parse_integer(bad), std::nullopt) << bad;
}

TEST(Value, RealsAreFiniteAndWhole) {
  EXPECT_EQ(parse_real("5e-4"), 5e-4);
  EXPECT_EQ(parse_real("-0.25"), -0.25);
  EXPECT_EQ(parse_real("3"), 3.0);
  for (const char* bad : {"", "nan", "inf", "-infinity", "1e999", "0,1", "0.1x", " 0.1", "0x1p3"})
    EXPECT_EQ(parse_real(bad), std::nullopt) << bad;
}

TEST(Value, BooleansAreTrueOrFalse) {
  EXPECT_EQ(parse_bool("true"), true);
  EXPECT_EQ(parse_bool("false"), false);
  for (const char* bad : {"", "True", "1", "yes"}) EXPECT_EQ(parse_bool(bad), std::nullopt) << bad;
}

TEST(Value, RealsReadBackAsTheSameBits) {
  for (const double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 1e4, 2.0 / 7e-9}) {
    const auto back = parse_real(format_real(value));
    ASSERT_TRUE(back.has_value()) << format_real(value);
    EXPECT_EQ(*back, value);
    EXPECT_EQ(std::signbit(*back), std::signbit(value));
  }
  EXPECT_EQ(format_real(0.1), "0.1");
  EXPECT_EQ(format_real(10000), "10000");
}

TEST(Value, Lists) {
  EXPECT_EQ(split_list(""), std::vector<std::string>{});
  EXPECT_EQ(split_list("a"), std::vector<std::string>{"a"});
  EXPECT_EQ(split_list("a, b,,c "), (std::vector<std::string>{"a", "b", "", "c"}));
  EXPECT_EQ(join_list({"a", "b"}), "a,b");
  EXPECT_EQ(join_list({}), "");
}

TEST(Nearest, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("sitting", "kitten"), 3u);
  EXPECT_EQ(nearest("lerning_rate", {"epochs", "learning_rate", "max_lr"}), "learning_rate");
  EXPECT_EQ(nearest("ab", {"aa", "bb"}), "aa");  // the first of equals
}

}  // namespace
}  // namespace ringmaster::config
