// meta.mat with sizes and dimensions that are not true. libmatio believed them: it asked for 876 MB
// for tests/fuzz/corpus/meta_mat/large_element.
#include "sharding/matlab_synsets.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "base/error.h"
#include "shard/little_endian.h"
#include "sharding/matlab_elements.h"

namespace ringmaster::sharding {
namespace {

std::vector<std::byte> corpus(const std::string& name) {
  const std::string folder = std::getenv("RINGMASTER_SOURCE");
  std::ifstream file(folder + "/tests/fuzz/corpus/meta_mat/" + name, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// What checked_matlab_file() says of the file; "" where it takes it.
std::string refusal(const std::vector<std::byte>& file) {
  try {
    (void)checked_matlab_file(file, "synsets", "meta.mat");
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadData) << error.what();
    return error.what();
  }
}

TEST(MatlabSynsetsTest, ReadsPackedAndPlain) {
  const auto packed = read_synsets(corpus("seed_compressed"), "meta.mat");
  const auto plain = read_synsets(corpus("seed_plain"), "meta.mat");
  ASSERT_EQ(packed.size(), 8U);
  ASSERT_EQ(plain.size(), 8U);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(plain[i].wnid, packed[i].wnid);
    EXPECT_EQ(plain[i].words, packed[i].words);
    EXPECT_EQ(plain[i].id, packed[i].id);
  }
  EXPECT_EQ(plain[1].wnid, "n01514668");
  EXPECT_EQ(plain[1].words, "cock");
  EXPECT_EQ(plain[1].id, 2);
}

TEST(MatlabSynsetsTest, WhatIsCheckedIsWhatLibmatioSees) {
  const auto plain = corpus("seed_plain");
  EXPECT_EQ(checked_matlab_file(plain, "synsets", "meta.mat"), plain);
  auto packed = checked_matlab_file(corpus("seed_compressed"), "synsets", "meta.mat");
  ASSERT_EQ(packed.size(), plain.size());
  EXPECT_TRUE(std::equal(packed.begin() + 128, packed.end(), plain.begin() + 128));
}

TEST(MatlabSynsetsTest, NamesAnElementThatIsLargerThanWhatHoldsIt) {
  try {
    (void)read_synsets(corpus("large_element_plain"), "meta.mat");
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("an element states 875823113 bytes"),
              std::string::npos)
        << error.what();
  }
  EXPECT_NE(refusal(corpus("large_element")), "");
}

// Every word of the file in turn states something huge. What is taken all the same can only be a
// value, which asks for no memory.
TEST(MatlabSynsetsTest, BelievesNoSize) {
  const auto sound = corpus("seed_plain");
  std::size_t refused = 0;
  for (std::size_t at = 128; at + 4 <= sound.size(); at += 4) {
    for (const std::uint32_t huge : {0x00400000U, 0x40000000U, 0x7ffffff8U, 0xffffffffU}) {
      auto damaged = sound;
      const auto before = shard::load_le_at<std::uint32_t>(damaged, at);
      shard::store_le_at(damaged, at, huge);
      if (!refusal(damaged).empty()) {
        ++refused;
      } else {
        const bool is_size = before == 1 || before == 2 || before == 8 || before == 4432;
        EXPECT_FALSE(is_size) << "word at byte " << at << " was " << before << ", is " << huge;
      }
    }
  }
  EXPECT_GT(refused, 1000U);
}

// The letters of a WordNet id, nine of them: (1, 9) in the dimensions of their array.
TEST(MatlabSynsetsTest, CountsNoMoreThanIsStored) {
  auto damaged = corpus("seed_plain");
  std::size_t at = 128;
  const auto word = [&](std::size_t i) {
    return shard::load_le_at<std::uint32_t>(damaged, at + 4 * i);
  };
  while (!(word(0) == 5 && word(1) == 8 && word(2) == 1 && word(3) == 9)) at += 4;
  shard::store_le_at<std::uint32_t>(damaged, at + 12, 10);
  EXPECT_NE(refusal(damaged).find("more values than are stored"), std::string::npos)
      << refusal(damaged);
}

TEST(MatlabSynsetsTest, RefusesOtherFormats) {
  auto big_endian = corpus("seed_plain");
  std::swap(big_endian[126], big_endian[127]);
  EXPECT_NE(refusal(big_endian).find("no little-endian MATLAB file of format 5"),
            std::string::npos);
  EXPECT_NE(refusal({}).find("format 5"), std::string::npos);
  auto other = corpus("seed_plain");
  other[128 + 8 + 16 + 16 + 8] = std::byte{'x'};
  EXPECT_NE(refusal(other).find("no variable synsets"), std::string::npos) << refusal(other);
}

TEST(MatlabSynsetsTest, RefusesAnEmptyPackedVariable) {
  EXPECT_NE(refusal(corpus("empty_packed")).find("ends within a zlib stream"), std::string::npos)
      << refusal(corpus("empty_packed"));
}

// Cut anywhere, packed or not.
TEST(MatlabSynsetsTest, RefusesATruncatedFile) {
  for (const char* name : {"seed_plain", "seed_compressed"}) {
    const auto sound = corpus(name);
    for (std::size_t bytes = 0; bytes < sound.size(); bytes += 3) {
      const std::vector<std::byte> cut(sound.begin(),
                                       sound.begin() + static_cast<std::ptrdiff_t>(bytes));
      EXPECT_NE(refusal(cut), "") << name << " of " << bytes << " bytes";
    }
  }
}

}  // namespace
}  // namespace ringmaster::sharding
