#include "ckpt/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/philox.h"

namespace ringmaster::ckpt {
namespace {

using Kind = PickleValue::Kind;
using namespace std::string_literals;

const std::string kPath = "file.pt";

Pickle parse(const std::string& bytes) {
  return Pickle(std::as_bytes(std::span(bytes)), kPath);
}

std::string refusal(const std::string& bytes) {
  try {
    (void)parse(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadData);
    EXPECT_THAT(error.what(), ::testing::HasSubstr(kPath));
    return error.what();
  }
  return "no error";
}

// pickle.dumps({"a": [1, -2, 300, 70000, -5_000_000_000, 0.5], "b": (True, None)}, 2)
const std::string kSample =
    "\x80\x02}q\x00(X\x01\x00\x00\x00\x61q\x01]q\x02("
    "K\x01J\xfe\xff\xff\xffM\x2c\x01J\x70\x11\x01\x00"
    "\x8a\x05\x00\x0e\xfa\xd5\xfeG?\xe0\x00\x00\x00\x00\x00\x00\x65X\x01\x00\x00\x00\x62q\x03\x88N"
    "\x86q\x04u."s;

TEST(Pickle, ReadsPlainValues) {
  const Pickle pickle = parse(kSample);
  const PickleValue& root = pickle.root();
  ASSERT_EQ(root.kind, Kind::kDict);
  const PickleValue* list = root.find("a");
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->kind, Kind::kList);
  ASSERT_EQ(list->items.size(), 6u);
  const std::vector<std::int64_t> integers = {1, -2, 300, 70000, -5'000'000'000};
  for (std::size_t i = 0; i < integers.size(); ++i) EXPECT_EQ(list->items[i]->integer, integers[i]);
  EXPECT_EQ(list->items[5]->kind, Kind::kReal);
  EXPECT_EQ(list->items[5]->real, 0.5);
  const PickleValue* pair = root.find("b");
  ASSERT_NE(pair, nullptr);
  ASSERT_EQ(pair->items.size(), 2u);
  EXPECT_EQ(pair->items[0]->kind, Kind::kBool);
  EXPECT_EQ(pair->items[0]->integer, 1);
  EXPECT_EQ(pair->items[1]->kind, Kind::kNone);
  EXPECT_EQ(root.find("c"), nullptr);
}

TEST(Pickle, CallsAreKeptAndNeverMade) {
  const Pickle pickle = parse(
      "\x80\x02"
      "cos\nsystem\nX\x04\x00\x00\x00true\x85R."s);
  EXPECT_EQ(pickle.root().kind, Kind::kCall);
  EXPECT_EQ(pickle.root().items[0]->text, "os system");
  EXPECT_EQ(pickle.root().items[1]->items[0]->text, "true");
}

TEST(Pickle, AnOrderedDictIsADictAndItsStateIsDropped) {
  const Pickle pickle = parse(
      "\x80\x02"
      "ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00kK\x07u}X\x01\x00\x00\x00mK\x01sb."s);
  ASSERT_EQ(pickle.root().kind, Kind::kDict);
  ASSERT_NE(pickle.root().find("k"), nullptr);
  EXPECT_EQ(pickle.root().find("k")->integer, 7);
  EXPECT_EQ(pickle.root().find("m"), nullptr);
}

TEST(Pickle, TheLastOfTwoEqualKeysCounts) {
  EXPECT_EQ(parse("}X\x01\x00\x00\x00kK\x01sX\x01\x00\x00\x00kK\x02s."s).root().find("k")->integer,
            2);
}

TEST(Pickle, IntegersAbove64BitsAreOpaque) {
  EXPECT_EQ(parse("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00."s).root().kind, Kind::kOpaque);
  EXPECT_EQ(parse("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\xff."s).root().integer, -1);
  EXPECT_EQ(parse("\x8a\x00."s).root().integer, 0);
}

TEST(Pickle, DamageIsNamed) {
  EXPECT_THAT(refusal(""), ::testing::HasSubstr("past the end"));
  EXPECT_THAT(refusal("X\xff\xff\xff\x7f."s), ::testing::HasSubstr("past the end"));
  EXPECT_THAT(refusal("."), ::testing::HasSubstr("more values"));
  EXPECT_THAT(refusal("K\x01(\x85."s), ::testing::HasSubstr("more values"));  // below a mark
  EXPECT_THAT(refusal("K\x01t."s), ::testing::HasSubstr("never began"));
  EXPECT_THAT(refusal("h\x05."s), ::testing::HasSubstr("never made"));
  EXPECT_THAT(refusal("}(K\x01u."s), ::testing::HasSubstr("wrongly"));
  EXPECT_THAT(refusal("K\x01K\x02"
                      "a."s),
              ::testing::HasSubstr("wrongly"));
  EXPECT_THAT(refusal("\xfe."s), ::testing::HasSubstr("opcode 254"));
}

TEST(Pickle, DepthAndCyclesAreHarmless) {
  std::string deep(2'000'000, ')');
  for (char& c : deep) c = '\x85';
  const Pickle nested = parse("N" + deep + ".");
  EXPECT_EQ(nested.root().items.size(), 1u);
  const Pickle cycle = parse("]q\x00h\x00\x61."s);  // a list that holds itself
  EXPECT_EQ(cycle.root().items[0], &cycle.root());
}

TEST(Pickle, AnyChangeIsReadOrRefused) {
  RandomStream random(1, RandomUse::kTest, 0, 0);
  int refused = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes = kSample;
    for (std::uint32_t changes = 1 + random.below(4); changes > 0; --changes)
      bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] =
          static_cast<char>(random.below(256));
    try {
      (void)parse(bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadData);
      ++refused;
    }
  }
  EXPECT_GT(refused, 10'000);
}

}  // namespace
}  // namespace ringmaster::ckpt
