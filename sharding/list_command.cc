#include <iomanip>
#include <memory>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/hash.h"
#include "shard/manifest.h"
#include "shard/shard_check.h"
#include "sharding/commands.h"

namespace ringmaster::sharding {
namespace {

using Json = nlohmann::ordered_json;

struct ListArguments {
  std::string folder, split, extract;
  std::int64_t record = -1;
  bool json = false;
};

const char* codec_name(shard::Codec codec) {
  switch (codec) {
    case shard::Codec::kJpeg:
      return "jpeg";
    case shard::Codec::kPng:
      return "png";
    case shard::Codec::kRaw8:
      return "raw";
  }
  return "?";
}

// One name and value a line, nested ones on lines of their own.
void print(std::ostream& out, const Json& json, bool as_json) {
  if (as_json) {
    out << json.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
    return;
  }
  for (const auto& [key, value] : json.items()) {
    out << std::left << std::setw(12) << key << ' ';
    if (value.is_string()) {
      out << value.get<std::string>() << '\n';
    } else if (!value.is_array()) {
      out << value << '\n';
    } else {
      out << '\n';
      for (const Json& row : value) {
        out << "            ";
        for (const auto& [name, cell] : row.items())
          out << ' ' << (cell.is_string() ? cell.get<std::string>() : name + " " + cell.dump());
        out << '\n';
      }
    }
  }
}

Json describe(const shard::Manifest& manifest) {
  Json splits = Json::array();
  for (const shard::SplitEntry& split : manifest.splits) {
    std::uint64_t bytes = 0;
    for (const shard::ShardEntry& shard : split.shards) bytes += shard.summary.file_bytes;
    splits.push_back({{"name", split.name},
                      {"records", split.records()},
                      {"shards", split.shards.size()},
                      {"bytes", bytes},
                      {"dropped", split.dropped.size()}});
  }
  return {{"hash", manifest.hash()},
          {"container", name_of(manifest.container)},
          {"packer", manifest.packer},
          {"source", manifest.source},
          {"classes", manifest.classes.size()},
          {"splits", splits}};
}

Json describe(const shard::Manifest& manifest, const shard::SplitEntry& split) {
  Json shards = Json::array(), classes = Json::array();
  for (const shard::ShardEntry& shard : split.shards) {
    shards.push_back({{"name", shard.name},
                      {"records", shard.summary.records},
                      {"bytes", shard.summary.file_bytes},
                      {"hash", shard.summary.hash}});
  }
  for (std::size_t label = 0; label < manifest.classes.size(); ++label) {
    classes.push_back({{"label", label},
                       {"records", split.class_counts[label]},
                       {"name", manifest.classes[label]}});
  }
  return {{"split", split.name},
          {"records", split.records()},
          {"shards", shards},
          {"classes", classes}};
}

// Encoded images as they are; raw pixels as PGM or PPM (netpbm), which every viewer opens.
void extract(FileSystem& files, const std::string& path, const shard::Record& record) {
  const shard::RecordInfo& info = record.info;
  std::string text;
  if (info.codec == shard::Codec::kRaw8) {
    RM_REQUIRE(info.channels == 1 || info.channels == 3, ErrorKind::kNotSupported,
               "a raw image with ", info.channels, " channels can't be extracted");
    text =
        join_text(info.channels == 1 ? "P5" : "P6", "\n", info.width, " ", info.height, "\n255\n");
  }
  text.append(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
  write_atomically(files, path, text);
}

Json describe_record(const Surroundings& at, const ListArguments& a,
                     const shard::Manifest& manifest, const shard::SplitEntry& split) {
  auto left = static_cast<std::uint64_t>(a.record);
  RM_REQUIRE(left < split.records(), ErrorKind::kInvalidArgument, "--record ", a.record, ": split ",
             split.name, " has records 0 to ", split.records() - 1);
  std::uint32_t index = 0;
  while (left >= split.shards[index].summary.records) left -= split.shards[index++].summary.records;
  const auto shard = shard::open_shard(at.files, a.folder, manifest, split, index);
  shard::Record record;
  shard->read(left, record);
  if (!a.extract.empty()) extract(at.files, a.extract, record);
  const shard::RecordInfo& info = record.info;
  return {{"split", split.name},
          {"record", a.record},
          {"shard", split.shards[index].name},
          {"in_shard", left},
          {"source", shard->name(left)},
          {"label", info.label},
          {"class", manifest.classes[info.label]},
          {"codec", codec_name(info.codec)},
          {"width", info.width},
          {"height", info.height},
          {"channels", info.channels},
          {"bytes", info.size_bytes},
          {"hash", hex64(info.hash)}};
}

int run_list(const Surroundings& at, const ListArguments& a) {
  RM_REQUIRE(a.extract.empty() || a.record >= 0, ErrorKind::kInvalidArgument,
             "--extract needs --record");
  const shard::Manifest manifest = shard::read_manifest(at.files, a.folder);
  if (a.record >= 0) {
    const shard::SplitEntry& split = manifest.split(a.split.empty() ? "train" : a.split);
    print(at.out, describe_record(at, a, manifest, split), a.json);
  } else if (!a.split.empty()) {
    print(at.out, describe(manifest, manifest.split(a.split)), a.json);
  } else {
    print(at.out, describe(manifest), a.json);
  }
  return kExitDone;
}

}  // namespace

config::Command list_command(const Surroundings& at) {
  using namespace config;  // the traits
  const auto arguments = std::make_shared<ListArguments>();
  Command command{.name = "list", .summary = "show a data set, a split or a record of it"};
  command.keys.add("folder", &arguments->folder, "The data set.", {required(), positional()});
  command.keys.add("split", &arguments->split,
                   "Show its shards and classes; with --record: the split it is in, else train.");
  command.keys.add("record", &arguments->record, "Show one record; -1: none.", {at_least(-1)});
  command.keys.add(
      "extract", &arguments->extract,
      "Write the record's image to this file: an encoded one as it is, pixels as PGM.");
  command.keys.add("json", &arguments->json, "Print JSON.", {flag()});
  command.run = [&at, arguments](const Declarations&) { return run_list(at, *arguments); };
  return command;
}

}  // namespace ringmaster::sharding
