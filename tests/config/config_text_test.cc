#include "config/config_text.h"

#include <gtest/gtest.h>

#include "base/check.h"

namespace ringmaster::config {
namespace {

std::string refusal(const std::string& text) {
  try {
    (void)parse_config_text(text, "f");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.what();
  }
  ADD_FAILURE() << "no error for " << text;
  return "";
}

TEST(ConfigText, LinesCommentsAndQuotes) {
  const auto found = parse_config_text(
      "# heading\r\n"
      "\n"
      "a=1\r\n"
      "  b =  two words # comment\n"
      "c = x#y\n"
      "d = \" # \\\"q\\\" \\\\ \\n\\t\" # after\n"
      "e =\n"
      "f = a = b",
      "f");
  const std::vector<Assignment> expected = {{"a", "1", "f:3"},   {"b", "two words", "f:4"},
                                            {"c", "x#y", "f:5"}, {"d", " # \"q\" \\ \n\t", "f:6"},
                                            {"e", "", "f:7"},    {"f", "a = b", "f:8"}};
  EXPECT_EQ(found, expected);
}

TEST(ConfigText, MalformedLinesNameTheirPlace) {
  EXPECT_EQ(refusal("a = 1\nwords\n"), "f:2: 'words' is not of the form key = value");
  EXPECT_EQ(refusal("= 1"), "f:1: there is no key before the =");
  EXPECT_EQ(refusal("a = \"x"), "f:1: the closing \" is missing");
  EXPECT_EQ(refusal("a = \"x\\"), "f:1: after \\ stands one of \" \\ n t");
  EXPECT_EQ(refusal("a = \"x\\q\""), "f:1: after \\ stands one of \" \\ n t");
  EXPECT_EQ(refusal("a = \"x\" y"), "f:1: 'y' after the closing \"");
}

TEST(ConfigText, QuotedOnlyWhereItMustBe) {
  EXPECT_EQ(quote_value("two words"), "two words");
  EXPECT_EQ(quote_value(""), "\"\"");
  EXPECT_EQ(quote_value(" x"), "\" x\"");
  EXPECT_EQ(quote_value("a#b"), "\"a#b\"");
}

TEST(ConfigText, EveryByteSurvivesQuoting) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const std::string& value : {all, std::string("\r"), std::string("\\"), std::string("\t")}) {
    const auto back = parse_config_text("k = " + quote_value(value) + " # c\n", "f");
    ASSERT_EQ(back.size(), 1u);
    EXPECT_EQ(back[0].value, value);
  }
}

TEST(Diff, ChangedGoneAndNew) {
  const auto before = parse_config_text("a = 1\nb = 2\nc = 3\n", "old");
  const auto after = parse_config_text("d = 4\nc = 3\nb = 5\n", "new");
  EXPECT_EQ(diff_text(diff(before, after)), "a: 1 -> (not set)\nb: 2 -> 5\nd: (not set) -> 4");
  EXPECT_EQ(diff_text(diff(before, before)), "");
}

}  // namespace
}  // namespace ringmaster::config
