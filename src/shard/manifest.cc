#include "shard/manifest.h"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/hash.h"
#include "shard/shard_format.h"

namespace ringmaster::shard {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormatName = "ringmaster data set";
constexpr const char* kChecksumKey = "checksum";

// File names come from outside and need not be UTF-8: what is not is shown as U+FFFD.
std::string dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json to_json(const ShardEntry& shard) {
  return {{"name", shard.name},
          {"records", shard.summary.records},
          {"bytes", shard.summary.file_bytes},
          {"hash", shard.summary.hash},
          {"index_hash", shard.summary.index_hash}};
}

Json to_json(const SplitEntry& split) {
  Json shards = Json::array(), dropped = Json::array();
  for (const ShardEntry& shard : split.shards) shards.push_back(to_json(shard));
  for (const DroppedFile& file : split.dropped)
    dropped.push_back({{"name", file.name}, {"reason", file.reason}});
  Json json = {{"name", split.name},
               {"records", split.records()},
               {"class_counts", split.class_counts},
               {"shards", shards},
               {"dropped", dropped}};
  for (const FixedFile& file : split.fixed) {
    json["fixed"].push_back(
        {{"name", file.name}, {"reason", file.reason}, {"original_hash", file.original_hash}});
  }
  return json;
}

Json to_json(const Manifest& manifest) {
  Json options = Json::object(), splits = Json::array();
  for (const auto& [key, value] : manifest.options) options[key] = value;
  for (const SplitEntry& split : manifest.splits) splits.push_back(to_json(split));
  Json json = {{"format", kFormatName},
               {"version", kManifestVersion},
               {"container", name_of(manifest.container)},
               {"data_set", manifest.data_set},
               {"hash", manifest.hash()},
               {"packer", manifest.packer},
               {"decoder", manifest.decoder},
               {"source", manifest.source},
               {"options", options},
               {"classes", manifest.classes},
               {"splits", splits}};
  // Keys that stand only where there is something to say.
  if (!manifest.class_words.empty()) json["class_words"] = manifest.class_words;
  for (const SourceFile& file : manifest.source_files)
    json["source_files"].push_back({{"name", file.name}, {"bytes", file.size_bytes}});
  return json;
}

// Reads typed members and names file and key where one is missing or of another type.
class Fields {
 public:
  Fields(const Json& json, const std::string& path, std::string prefix)
      : json_(json), path_(path), prefix_(std::move(prefix)) {
    RM_REQUIRE(json_.is_object(), ErrorKind::kBadData, path_, ": ", prefix_, " is not an object");
  }

  [[nodiscard]] const Json& member(const char* key) const {
    const auto found = json_.find(key);
    RM_REQUIRE(found != json_.end(), ErrorKind::kBadData, path_, ": ", name(key), " is missing");
    return *found;
  }
  [[nodiscard]] std::string text(const char* key) const {
    const Json& value = member(key);
    RM_REQUIRE(value.is_string(), ErrorKind::kBadData, path_, ": ", name(key), " is not a text");
    return value.get<std::string>();
  }
  [[nodiscard]] std::uint64_t number(const char* key) const {
    const Json& value = member(key);
    RM_REQUIRE(value.is_number_unsigned(), ErrorKind::kBadData, path_, ": ", name(key),
               " is not a count");
    return value.get<std::uint64_t>();
  }
  [[nodiscard]] const Json& list(const char* key) const {
    const Json& value = member(key);
    RM_REQUIRE(value.is_array(), ErrorKind::kBadData, path_, ": ", name(key), " is not a list");
    return value;
  }
  // Of a key that need not be there.
  [[nodiscard]] Json optional_list(const char* key) const {
    return json_.contains(key) ? list(key) : Json::array();
  }
  [[nodiscard]] std::vector<std::string> texts(const Json& values, const char* key) const {
    std::vector<std::string> out;
    for (const Json& value : values) {
      RM_REQUIRE(value.is_string(), ErrorKind::kBadData, path_, ": ", name(key),
                 " has something that is not a text");
      out.push_back(value.get<std::string>());
    }
    return out;
  }
  [[nodiscard]] std::string hex(const char* key, std::size_t digits) const {
    std::string value = text(key);
    RM_REQUIRE(
        value.size() == digits && value.find_first_not_of("0123456789abcdef") == std::string::npos,
        ErrorKind::kBadData, path_, ": ", name(key), " is not ", digits, " hex digits");
    return value;
  }
  [[nodiscard]] std::string name(const char* key) const { return prefix_ + "." + key; }

 private:
  const Json& json_;
  const std::string& path_;
  std::string prefix_;
};

ShardEntry parse_shard(const Json& json, const std::string& path, const std::string& prefix,
                       const std::string& expected_name) {
  const Fields fields(json, path, prefix);
  ShardEntry shard{fields.text("name"),
                   {fields.number("records"), fields.number("bytes"), fields.hex("hash", 32),
                    fields.hex("index_hash", 16)}};
  // Also keeps a name from leading out of the folder.
  RM_REQUIRE(shard.name == expected_name, ErrorKind::kBadData, path, ": ", fields.name("name"),
             " is ", shard.name, ", not ", expected_name);
  return shard;
}

SplitEntry parse_split(const Json& json, const std::string& path, const std::string& prefix,
                       std::size_t classes, Container container) {
  const Fields fields(json, path, prefix);
  SplitEntry split;
  split.name = fields.text("name");
  RM_REQUIRE(!split.name.empty() && split.name.size() <= kSplitNameBytes &&
                 split.name.find_first_of("/.") == std::string::npos,
             ErrorKind::kBadData, path, ": ", fields.name("name"), " can't be a split's name");
  for (const Json& count : fields.list("class_counts")) {
    RM_REQUIRE(count.is_number_unsigned(), ErrorKind::kBadData, path, ": ",
               fields.name("class_counts"), " has something that is not a count");
    split.class_counts.push_back(count.get<std::uint64_t>());
  }
  RM_REQUIRE(split.class_counts.size() == classes, ErrorKind::kBadData, path, ": ",
             fields.name("class_counts"), " has ", split.class_counts.size(), " counts for ",
             classes, " classes");
  const Json& shards = fields.list("shards");
  RM_REQUIRE(shards.size() <= std::numeric_limits<std::uint32_t>::max(), ErrorKind::kBadData, path,
             ": ", fields.name("shards"), " are too many");
  for (const Json& shard : shards) {
    const auto index = static_cast<std::uint32_t>(split.shards.size());
    split.shards.push_back(parse_shard(shard, path, join_text(prefix, ".shards[", index, "]"),
                                       shard_file_name(split.name, index, container)));
  }
  for (const Json& dropped : fields.list("dropped")) {
    const Fields file(dropped, path, prefix + ".dropped");
    split.dropped.push_back({file.text("name"), file.text("reason")});
  }
  for (const Json& fixed : fields.optional_list("fixed")) {
    const Fields file(fixed, path, prefix + ".fixed");
    split.fixed.push_back({file.text("name"), file.text("reason"), file.hex("original_hash", 32)});
  }
  return split;
}

Manifest parse_body(const Json& json, const std::string& path) {
  const Fields fields(json, path, "manifest");
  RM_REQUIRE(fields.text("format") == kFormatName, ErrorKind::kBadData, path, ": format is not \"",
             kFormatName, "\"");
  RM_REQUIRE(fields.number("version") == kManifestVersion, ErrorKind::kBadData, path,
             ": version is ", fields.number("version"), ", this program reads version ",
             kManifestVersion);
  Manifest manifest;
  manifest.container = parse_container(fields.text("container"), path);
  manifest.data_set = fields.hex("data_set", 32);
  manifest.packer = fields.text("packer");
  manifest.decoder = fields.text("decoder");
  manifest.source = fields.text("source");
  const Json& options = fields.member("options");
  RM_REQUIRE(options.is_object(), ErrorKind::kBadData, path, ": options is not an object");
  for (const auto& [key, value] : options.items())
    manifest.options.emplace_back(key, Fields(options, path, "options").text(key.c_str()));
  manifest.classes = fields.texts(fields.list("classes"), "classes");
  manifest.class_words = fields.texts(fields.optional_list("class_words"), "class_words");
  RM_REQUIRE(manifest.class_words.empty() || manifest.class_words.size() == manifest.classes.size(),
             ErrorKind::kBadData, path, ": class_words has ", manifest.class_words.size(),
             " texts for ", manifest.classes.size(), " classes");
  for (const Json& entry : fields.optional_list("source_files")) {
    const Fields file(entry, path, "source_files");
    manifest.source_files.push_back({file.text("name"), file.number("bytes")});
  }
  for (const Json& split : fields.list("splits")) {
    const std::string prefix = join_text("splits[", manifest.splits.size(), "]");
    manifest.splits.push_back(
        parse_split(split, path, prefix, manifest.classes.size(), manifest.container));
  }
  return manifest;
}

}  // namespace

std::uint64_t SplitEntry::records() const {
  std::uint64_t sum = 0;
  for (const ShardEntry& shard : shards) sum += shard.summary.records;
  return sum;
}

std::string Manifest::hash() const {
  Hasher hasher;
  // Each part with its length before it, so that no two lists give the same bytes.
  const auto add = [&](const std::string& text) {
    hasher.update(join_text(text.size(), ":", text, ","));
  };
  add(kFormatName);
  add(data_set);
  for (const std::string& name : classes) add(name);
  for (const SplitEntry& split : splits) {
    add(split.name);
    for (const ShardEntry& shard : split.shards) {
      add(shard.name);
      add(shard.summary.hash);
    }
  }
  return hasher.hex128();
}

const SplitEntry& Manifest::split(const std::string& name) const {
  std::string known;
  for (const SplitEntry& split : splits) {
    if (split.name == name) return split;
    known += (known.empty() ? "" : ", ") + split.name;
  }
  throw Error(ErrorKind::kInvalidArgument,
              "the data set has no split named " + name + "; it has: " + known);
}

std::string to_text(const Manifest& manifest) {
  Json json = to_json(manifest);
  const std::string body = dump(json);
  json[kChecksumKey] = hex64(xxh3_64(body));
  return dump(json);
}

Manifest parse_manifest(const std::string& text, const std::string& path) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  RM_REQUIRE(!json.is_discarded(), ErrorKind::kBadData, path,
             " is not JSON: it is damaged or truncated");
  const Manifest manifest = parse_body(json, path);
  // Deterministic text, so comparing it whole also finds what the checksum alone would not.
  RM_REQUIRE(to_text(manifest) == text, ErrorKind::kBadData, path,
             " is not what was written: its checksum does not fit. It was edited or damaged");
  return manifest;
}

Manifest read_manifest(FileSystem& files, const std::string& folder) {
  const std::string path = join_path(folder, kManifestName);
  RM_REQUIRE(files.exists(path), ErrorKind::kIo, "no packed data set in ", folder, ": ", path,
             " does not exist. Make one with `ringmaster-shard pack --output ", folder,
             "`, or let an interrupted pack finish");
  return parse_manifest(read_text(files, path), path);
}

void write_manifest(FileSystem& files, const std::string& folder, const Manifest& manifest) {
  write_atomically(files, join_path(folder, kManifestName), to_text(manifest));
}

}  // namespace ringmaster::shard
