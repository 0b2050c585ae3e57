#include "ckpt/safetensors.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/philox.h"
#include "tests/support/allocation_watch.h"
#include "tests/support/temp_dir.h"

namespace ringmaster::ckpt {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

std::string length_of(std::uint64_t bytes) {
  std::string text;
  for (int i = 0; i < 8; ++i) text += static_cast<char>(bytes >> (8 * i) & 0xFF);
  return text;
}

std::string file_of(const std::string& header, const std::string& data) {
  return length_of(header.size()) + header + data;
}

class SafetensorsTest : public ::testing::Test {
 protected:
  NamedTensors read(const std::string& bytes) {
    write_atomically(*files_, path_, bytes);
    return read_safetensors(*files_, path_);
  }

  // What is wrong with `bytes`, which must be refused as bad data with the file's name.
  std::string refusal(const std::string& bytes, ErrorKind kind = ErrorKind::kBadData) {
    try {
      (void)read(bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(path_));
      return error.what();
    }
    return "no error";
  }

  std::string written(const NamedTensors& tensors) {
    const auto file = files_->create(path_);
    write_safetensors(tensors, *file);
    file->close();
    return read_text(*files_, path_);
  }

  const testing::TempDir folder_;
  const std::string path_ = folder_ / "weights.safetensors";
  const std::unique_ptr<FileSystem> files_ = posix_file_system();
};

TEST_F(SafetensorsTest, WritesTheBytesOfTheFormat) {
  const NamedTensors tensors = {{"b", at::full({2}, 1, at::kFloat)},
                                {"a", at::full({}, 3, at::kLong)},
                                {"a2", at::full({1, 2}, 2, at::kHalf)}};
  const std::string header = R"({"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                             R"("b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},)"
                             R"("a2":{"dtype":"F16","shape":[1,2],"data_offsets":[16,20]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(written(tensors), file_of(padded, "\x03\0\0\0\0\0\0\0\0\0\x80?\0\0\x80?\0@\0@"s));
}

TEST_F(SafetensorsTest, TensorsComeBackWhateverTheirStrides) {
  const at::Tensor base = at::arange(2 * 3 * 4, at::kFloat).view({2, 3, 4});
  const NamedTensors tensors = {{"empty", at::full({0, 5}, 1, at::kFloat)},
                                {"flag", at::full({3}, true, at::kBool)},
                                {"turned", base.permute({2, 0, 1})}};
  (void)written(tensors);
  const NamedTensors read = read_safetensors(*files_, path_);
  ASSERT_EQ(read.size(), 3u);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].first, tensors[i].first);
    EXPECT_TRUE(at::equal(read[i].second, tensors[i].second)) << read[i].first;
    EXPECT_TRUE(read[i].second.is_contiguous());
  }
}

TEST_F(SafetensorsTest, EveryMalformedHeaderIsAnError) {
  const auto header = [](const std::string& entries) { return "{" + entries + "}"; };
  const std::string a = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  const auto with = [&](const std::string& what, const std::string& other) {
    std::string text = a;
    return header(text.replace(text.find(what), what.size(), other));
  };
  const std::string four(4, '\0'), eight(8, '\0');
  const struct {
    std::string bytes, says;
  } kCases[] = {
      {"1234567", "only 7 bytes"},
      {length_of(100) + "{}", "header would have 100 bytes"},
      {length_of(~std::uint64_t{0}) + "{}", "header would have"},
      {file_of("", ""), "does not begin with {"},
      {file_of(" " + header(a), four), "does not begin with {"},
      {file_of("{\"a\":", ""), "no JSON"},
      {file_of(header(a) + "x", four), "no JSON"},
      {file_of("{\"a\":1}", four), "a must have dtype"},
      {file_of("{\"a\":{\"a\":{\"a\":{\"a\":1}}}}", four), "nested too deeply"},
      {file_of("{\"a\":[[[[[]]]]]}", four), "nested too deeply"},
      {file_of(header(a + "," + a), four), "'a' twice"},
      {file_of(with("[1]", "[1],\"shape\":[1]"), four), "'shape' twice"},
      {file_of(with("[1]", "[1],\"more\":1"), four), "nothing else"},
      {file_of(with("\"F32\"", "32"), four), "no dtype"},
      {file_of(with("[1]", "1"), four), "no shape"},
      {file_of(with("[1]", "[-1]"), four), "no count"},
      {file_of(with("[1]", "[1.0]"), four), "no count"},
      {file_of(with("[1]", "[2]"), four), "a does not have the bytes"},
      {file_of(with("[1]", "[9223372036854775807,9223372036854775807]"), four), "without bounds"},
      {file_of(with("[1]", "[0,9223372036854775807,9223372036854775807]"), four), "without bounds"},
      {file_of(with("[1]", "[18446744073709551615]"), four), "without bounds"},
      {file_of(with("[1]", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), four), "17 dimensions"},
      {file_of(with("[0,4]", "[4,0]"), four), "a does not have the bytes"},
      {file_of(with("[0,4]", "[0,4,8]"), four), "3 data_offsets"},
      {file_of(with("[0,4]", "[18446744073709551612,0]"), four), "a does not have the bytes"},
      {file_of(with("[0,4]", "[4,8]"), eight), "a gap before a"},
      {file_of(header(a), "123"), "cut off"},
      {file_of(header(a), "12345"), "1 bytes at its end"},
      {file_of("{}", "1"), "1 bytes at its end"},
      {file_of(header(a + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]})"), "123456"),
       "b overlaps"},
      {file_of(header("\"__metadata__\":1," + a), four), "__metadata__ is no object"},
      {file_of(header("\"__metadata__\":{\"x\":1}," + a), four), "no text"},
  };
  for (const auto& [bytes, says] : kCases) EXPECT_THAT(refusal(bytes), HasSubstr(says));
  EXPECT_THAT(refusal(file_of(with("F32", "F8_E4M3"), four), ErrorKind::kNotSupported),
              HasSubstr("a has elements of type F8_E4M3"));
  EXPECT_EQ(read(file_of(header("\"__metadata__\":{\"format\":\"pt\"}," + a), four)).size(), 1u);
}

TEST_F(SafetensorsTest, AHeaderAsksForNoMemoryThatTheFileHasNot) {
  const std::string big = R"({"a":{"dtype":"F32","shape":[25000000000],"data_offsets":)";
  testing::reset_largest_allocation();
  (void)refusal(file_of(big + "[0,100000000000]}}", "1234"));
  (void)refusal(length_of(std::uint64_t{1} << 40) + "{}");
  EXPECT_LT(testing::largest_allocation_bytes(), std::size_t{64} << 10);
}

// Any damage is an error, or the file still says what its tensors are.
TEST_F(SafetensorsTest, NoDamageGoesFurtherThanAnError) {
  const std::string sound = written({{"conv1.weight", at::full({4, 3, 3, 3}, 0.5, at::kFloat)},
                                     {"bn1.num_batches_tracked", at::full({}, 7, at::kLong)}});
  int refused = 0;
  for (std::uint64_t trial = 0; trial < 3000; ++trial) {
    std::string bytes = sound;
    const auto draw = philox4x32({static_cast<std::uint32_t>(trial), 0, 0, 0}, {1, 2});
    bytes[draw[0] % 160] = static_cast<char>(draw[1] & 0xFF);
    if (draw[2] % 4 == 0) bytes.resize(draw[3] % bytes.size());
    write_atomically(*files_, path_, bytes);
    try {
      for (const auto& [name, tensor] : read_safetensors(*files_, path_))
        EXPECT_LE(tensor.nbytes(), bytes.size());
    } catch (const Error& error) {
      ++refused;
      EXPECT_TRUE(error.kind() == ErrorKind::kBadData || error.kind() == ErrorKind::kNotSupported)
          << error.what();
    }
  }
  EXPECT_GT(refused, 2000);
}

TEST_F(SafetensorsTest, ANameTwiceIsNotWritten) {
  const at::Tensor one = at::full({1}, 1, at::kFloat);
  const auto file = files_->create(path_);
  EXPECT_THROW(write_safetensors({{"a", one}, {"a", one}}, *file), Error);
}

}  // namespace
}  // namespace ringmaster::ckpt
