#include "shard/manifest.h"

#include "base/philox.h"
#include "tests/shard/shard_fixture.h"

namespace ringmaster::shard {
namespace {

class ManifestTest : public ShardFixture {
 protected:
  static Manifest sample() {
    Manifest manifest{.data_set = kDataSetId,
                      .packer = "ringmaster-shard 0.1.0",
                      .decoder = "libjpeg",
                      .source = "class folders",
                      .options = {{"seed", "7"}, {"bad", "drop"}},
                      .classes = {"ant", "b\"ee\n", "käse"}};
    manifest.splits.push_back(
        {.name = "train",
         .class_counts = {1, 2, 0},
         .shards = {{"train-00000.rms", {3, 4096, std::string(32, 'a'), std::string(16, 'b')}}},
         .dropped = {{"ant/x.jpg", "has 0 bytes"}}});
    manifest.splits.push_back({.name = "val", .class_counts = {0, 0, 0}});
    return manifest;
  }
  static Manifest sample_with_optional_keys() {
    Manifest manifest = sample();
    manifest.class_words = {"ant", "bee, \"apis\"", "scarab"};
    manifest.source_files = {{"train.tar", 10240}, {"val.tar", 1}};
    manifest.splits[0].fixed = {{"ant/y.jpg", "CMYK", std::string(32, 'f')}};
    return manifest;
  }
  static std::string replace(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }
};

TEST_F(ManifestTest, RoundTrip) {
  const std::string text = to_text(sample());
  EXPECT_EQ(parse_manifest(text, "m"), sample());
  EXPECT_EQ(to_text(parse_manifest(text, "m")), text);
}

TEST_F(ManifestTest, OptionalKeysAreThereOnlyWhenTheySaySomething) {
  const Manifest manifest = sample_with_optional_keys();
  const std::string text = to_text(manifest);
  EXPECT_EQ(parse_manifest(text, "m"), manifest);
  EXPECT_EQ(manifest.hash(), sample().hash());
  for (const std::string key : {"class_words", "source_files", "fixed"}) {
    EXPECT_NE(text.find(key), std::string::npos) << key;
    EXPECT_EQ(to_text(sample()).find(key), std::string::npos) << key;
  }
  const std::string short_words = replace(text, "\"scarab\"", "\"scarab\", \"one more\"");
  EXPECT_EQ(kind_of([&] { (void)parse_manifest(short_words, "m.json"); },
                    {"m.json", "class_words has 4 texts for 3 classes"}),
            ErrorKind::kBadData);
}

TEST_F(ManifestTest, HashCoversWhatIsTrainedOnAndNothingElse) {
  const std::string hash = sample().hash();
  EXPECT_EQ(hash.size(), 32u);
  Manifest other = sample();
  other.packer = other.decoder = other.source = "different";
  EXPECT_EQ(other.hash(), hash);
  other = sample();
  std::swap(other.classes[0], other.classes[1]);
  EXPECT_NE(other.hash(), hash);
  other = sample();
  other.splits[0].shards[0].summary.hash[0] = 'c';
  EXPECT_NE(other.hash(), hash);
  other = sample();
  other.splits.pop_back();
  EXPECT_NE(other.hash(), hash);
}

TEST_F(ManifestTest, EveryFlippedByteIsFound) {
  const std::string sound = to_text(sample());
  for (std::size_t at = 0; at < sound.size(); ++at) {
    std::string text = sound;
    text[at] = static_cast<char>(text[at] ^ 1);
    EXPECT_EQ(kind_of([&] { (void)parse_manifest(text, "m.json"); }, {"m.json"}),
              ErrorKind::kBadData)
        << "byte " << at;
  }
  for (std::size_t size = 0; size < sound.size(); ++size)
    EXPECT_THROW((void)parse_manifest(sound.substr(0, size), "m"), Error);
}

TEST_F(ManifestTest, MessagesNameTheKey) {
  const std::string sound = to_text(sample());
  const auto refused = [&](const std::string& from, const std::string& to,
                           const std::string& part) {
    EXPECT_EQ(kind_of([&] { (void)parse_manifest(replace(sound, from, to), "m.json"); },
                      {"m.json", part}),
              ErrorKind::kBadData);
  };
  refused("\"version\": 1", "\"version\": 2", "version is 2");
  refused("ringmaster data set", "something else", "format");
  refused("\"container\"", "\"contained\"", "manifest.container is missing");
  refused("\"bytes\": 4096", "\"bytes\": -1", "splits[0].shards[0].bytes is not a count");
  refused("\"bytes\": 4096", "\"bytes\": 4097", "checksum");
  refused(std::string(32, 'a'), std::string(31, 'a') + "G", "shards[0].hash is not 32 hex");
  refused("train-00000.rms", "../../etc/passwd", "not train-00000.rms");
  refused("\"name\": \"val\"", "\"name\": \"../val\"", "can't be a split's name");
  refused("\"ant\",", "", "class_counts has 3 counts for 2 classes");
  refused("\"seed\": \"7\"", "\"seed\": 7", "options.seed is not a text");
}

TEST_F(ManifestTest, HostileTextIsRefused) {
  EXPECT_THROW((void)parse_manifest(std::string(1 << 20, '['), "m"), Error);
  EXPECT_THROW((void)parse_manifest("[]", "m"), Error);
  EXPECT_THROW((void)parse_manifest("", "m"), Error);
  const std::string sound = to_text(sample());
  for (std::uint64_t run = 0; run < 3000; ++run) {
    RandomStream random(3, RandomUse::kTest, run, 0);
    std::string text = sound;
    const auto at = random.below(static_cast<std::uint32_t>(text.size()));
    const auto count = 1 + random.below(20);
    random.below(2) == 0 ? text.erase(at, count)
                         : text.insert(at, count, "{[\"0-,"[random.below(6)]);
    if (text == sound) continue;
    EXPECT_THROW((void)parse_manifest(text, "m"), Error) << text;
  }
}

TEST_F(ManifestTest, NamesThatAreNotUtf8DoNotBreakIt) {
  Manifest manifest = sample();
  manifest.splits[0].dropped[0].name = "caf\xe9.jpg";
  const std::string text = to_text(manifest);
  EXPECT_EQ(to_text(parse_manifest(text, "m")), text);
}

}  // namespace
}  // namespace ringmaster::shard
