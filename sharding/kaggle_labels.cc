#include <sstream>

#include <pugixml.hpp>

#include "base/check.h"
#include "sharding/image_name.h"
#include "sharding/val_labels.h"

namespace ringmaster::sharding {
namespace {

constexpr const char* kCsvHeader = "ImageId,PredictionString";

bool is_wnid(const std::string& text) {
  return text.size() > 1 && text[0] == 'n' &&
         text.find_first_not_of("0123456789", 1) == std::string::npos;
}

std::string wnid_of(const pugi::xml_document& document, const std::string& path) {
  std::string wnid;
  for (const pugi::xml_node& object : document.child("annotation").children("object")) {
    const std::string name = object.child_value("name");
    RM_REQUIRE(wnid.empty() || wnid == name, ErrorKind::kBadData, path, " names two classes, ",
               wnid, " and ", name, ": a validation image has one");
    wnid = name;
  }
  RM_REQUIRE(is_wnid(wnid), ErrorKind::kBadData, path,
             " names no class: annotation/object/name should be a WordNet id as n01440764");
  return wnid;
}

}  // namespace

ValLabels read_solution_csv(FileSystem& files, const std::string& path) {
  ValLabels labels{.origin = path};
  std::istringstream lines(read_text(files, path));
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (++number == 1) {
      RM_REQUIRE(line == kCsvHeader, ErrorKind::kBadData, path, " does not begin with ", kCsvHeader,
                 ": it is not Kaggle's LOC_val_solution.csv");
      continue;
    }
    const auto comma = line.find(',');
    const std::string wnid =
        comma == std::string::npos ? "" : line.substr(comma + 1, line.find(' ', comma) - comma - 1);
    RM_REQUIRE(is_wnid(wnid), ErrorKind::kBadData, path, " line ", number,
               " names no class: IMAGE,WNID … is expected");
    RM_REQUIRE(labels.wnids.emplace(line.substr(0, comma), wnid).second, ErrorKind::kBadData, path,
               " line ", number, " names ", line.substr(0, comma), " again");
  }
  return labels;
}

ValLabels read_annotations(FileSystem& files, const std::string& folder) {
  ValLabels labels{.origin = folder};
  for (const std::string& name : files.list(folder)) {
    if (!name.ends_with(".xml")) continue;
    const std::string path = join_path(folder, name), text = read_text(files, path);
    pugi::xml_document document;
    const pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
    RM_REQUIRE(parsed, ErrorKind::kBadData, path, " is no XML: ", parsed.description(), " at byte ",
               parsed.offset);
    labels.wnids.emplace(stem_of(name), wnid_of(document, path));
  }
  return labels;
}

ClassWords read_synset_mapping(FileSystem& files, const std::string& path) {
  ClassWords words;
  std::istringstream lines(read_text(files, path));
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    const auto blank = line.find(' ');
    RM_REQUIRE(blank != std::string::npos && is_wnid(line.substr(0, blank)), ErrorKind::kBadData,
               path, " line ", number, " is no WordNet id with its words: \"", line, "\"");
    words.emplace(line.substr(0, blank), line.substr(blank + 1));
  }
  return words;
}

}  // namespace ringmaster::sharding
