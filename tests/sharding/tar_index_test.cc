#include "sharding/tar_index.h"

#include <cstdio>

#include "base/philox.h"
#include "sharding/memory_file.h"
#include "tests/sharding/sharding_fixture.h"

namespace ringmaster::sharding {
namespace {

class TarIndexTest : public ShardingFixture {
 protected:
  static constexpr std::size_t kBlock = 512;

  static void put_text(std::string& block, std::size_t at, const std::string& text) {
    block.replace(at, text.size(), text);
  }
  static void sign(std::string& block) {
    put_text(block, 148, std::string(8, ' '));
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    char digits[9];
    std::snprintf(digits, sizeof digits, "%06o", sum);
    put_text(block, 148, std::string(digits, 6) + '\0' + ' ');
  }
  // A ustar header (POSIX.1-1988).
  static std::string header(const std::string& name, std::size_t size, char type = '0') {
    std::string block(kBlock, '\0');
    put_text(block, 0, name);
    char digits[13];
    std::snprintf(digits, sizeof digits, "%011zo", size);
    put_text(block, 124, digits);
    block[156] = type;
    put_text(block, 257,
             std::string("ustar\0"
                         "00",
                         8));
    sign(block);
    return block;
  }
  static std::string member(const std::string& name, const std::string& content, char type = '0') {
    const std::size_t padding = (kBlock - content.size() % kBlock) % kBlock;
    return header(name, content.size(), type) + content + std::string(padding, '\0');
  }
  static std::string end_mark() { return std::string(2 * kBlock, '\0'); }

  static std::vector<TarMember> list(const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text));
    const MemoryFile file({bytes.begin(), bytes.end()}, "a.tar");
    return list_tar(file, {"a.tar", 0, text.size()});
  }
};

TEST_F(TarIndexTest, FindsContentsBehindEveryKindOfHeader) {
  std::string large = header("large", 3);
  large.replace(124, 12, std::string("\x80\0\0\0\0\0\0\0\0\0\0\3", 12));  // GNU's binary size
  sign(large);
  const std::string text =
      member("folder/", "", '5') + member("./one", "first") + member("link", "", '2') + large +
      "abc" + std::string(509, '\0') + member("././@LongLink", std::string(150, 'n') + '\0', 'L') +
      member("short", "second") + member("PaxHeaders", "17 path=by/pax/1\n10 size=5\n", 'x') +
      header("ignored", 0) + "third" + std::string(507, '\0') + member("last", "") + end_mark();
  const auto members = list(text);
  ASSERT_EQ(members.size(), 5u);
  const std::vector<std::pair<std::string, std::string>> wanted = {
      {"one", "first"},
      {"large", "abc"},
      {std::string(150, 'n'), "second"},
      {"by/pax/1", "third"},
      {"last", ""}};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(members[i].name, wanted[i].first);
    EXPECT_EQ(text.substr(members[i].offset_bytes, members[i].size_bytes), wanted[i].second);
  }
}

TEST_F(TarIndexTest, NamesArchiveAndByteOfDamage) {
  const std::string first = member("one", "12345"), whole = first + member("two", "6") + end_mark();
  const auto refused = [&](const std::string& text, const std::vector<std::string>& parts) {
    EXPECT_EQ(kind_of([&] { (void)list(text); }, parts), ErrorKind::kBadData);
  };
  refused("", {"a.tar", "ends at byte 0", "truncated"});
  refused(first, {"a.tar", "ends at byte 1024", "end mark"});
  refused(whole.substr(0, 514), {"member at byte 0, one, has 5 bytes", "after 2 of them"});
  std::string damaged = whole;
  damaged[1024 + 3] = 'x';
  refused(damaged, {"no sound tar header at byte 1024", "checksum"});
  std::string hostile = header("one", 5);
  hostile.replace(124, 12, "77777777777\0");
  sign(hostile);
  refused(hostile + end_mark(), {"has 8589934591 bytes"});
  refused(member("../up", "1") + end_mark(), {"leads out of the folder"});
  refused(member("/etc/x", "1") + end_mark(), {"leads out of the folder"});
  refused(member("s", "1", 'S') + end_mark(), {"sparse"});
  refused(member("p", "5 pat", 'x') + end_mark(), {"attributes at byte 0"});
  refused("\x1f\x8b" + whole.substr(2), {"gunzip"});
}

// Whatever is read, there is a listing that lies in the file, or an error that names it.
TEST_F(TarIndexTest, DamageAnywhereIsAnErrorOrAListing) {
  const std::string whole = member("one", "12345") + member("PaxHeaders", "11 path=p1\n", 'x') +
                            member("two", "6") + member("@LongLink", std::string(120, 'l'), 'L') +
                            member("three", "789") + end_mark();
  for (std::uint64_t run = 0; run < 20000; ++run) {
    RandomStream random(11, RandomUse::kTest, run, 0);
    std::string text = whole;
    if (run % 3 == 0) text.resize(random.below(static_cast<std::uint32_t>(text.size())));
    for (std::uint32_t change = 0; change < 1 + run % 4 && !text.empty(); ++change) {
      const auto at = random.below(static_cast<std::uint32_t>(text.size()));
      text[at] = static_cast<char>(random.below(256));
      std::string block = text.substr(at / kBlock * kBlock, kBlock);
      if (run % 2 == 0 && block.size() == kBlock) {  // with a fitting checksum
        sign(block);
        text.replace(at / kBlock * kBlock, kBlock, block);
      }
    }
    try {
      for (const TarMember& member : list(text)) {
        EXPECT_LE(member.offset_bytes, text.size());
        EXPECT_LE(member.size_bytes, text.size() - member.offset_bytes);
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadData) << error.what();
      EXPECT_NE(std::string(error.what()).find("a.tar"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace ringmaster::sharding
