#include <algorithm>

#include "base/check.h"
#include "sharding/audit.h"
#include "sharding/progress_line.h"

namespace ringmaster::sharding {
namespace {

// ILSVRC2012's readme.txt, 2.1: "1.2 million images ... between 732 and 1300 per class", "50,000
// validation images, with 50 per class".
struct ExpectedSplit {
  const char* name;
  std::uint64_t images, smallest_class, largest_class;
};
constexpr ExpectedSplit kImagenet[] = {{"train", 1281167, 732, 1300}, {"val", 50000, 50, 50}};
constexpr std::size_t kImagenetClasses = 1000;

void compare(const Source& source, const SourceSplit& split, const ExpectedSplit& expected,
             std::vector<std::string>& unmet) {
  if (split.items.size() != expected.images)
    unmet.push_back(join_text(split.name, " has ", with_commas(split.items.size()),
                              " images; ImageNet has ", with_commas(expected.images)));
  std::vector<std::uint64_t> counts(source.classes().size());
  for (const SourceItem& item : split.items) ++counts.at(item.label);
  std::vector<std::size_t> strange;
  for (std::size_t label = 0; label < counts.size(); ++label) {
    if (counts[label] < expected.smallest_class || counts[label] > expected.largest_class)
      strange.push_back(label);
  }
  if (strange.empty()) return;
  unmet.push_back(join_text(
      split.name, " has ", counts[strange[0]], " images of ", source.classes()[strange[0]],
      strange.size() > 1 ? join_text(" and odd numbers of ", strange.size() - 1, " others")
                         : std::string(),
      "; ImageNet has ", expected.smallest_class, " to ", with_commas(expected.largest_class),
      " a class"));
}

}  // namespace

std::vector<std::string> unmet_expectations(const Source& source, const std::string& expect) {
  std::vector<std::string> unmet;
  if (expect.empty()) return unmet;
  RM_CHECK_EQ(expect, "imagenet");
  if (source.classes().size() != kImagenetClasses)
    unmet.push_back(join_text("there are ", source.classes().size(), " classes; ImageNet has ",
                              with_commas(kImagenetClasses)));
  for (const ExpectedSplit& expected : kImagenet) {
    const auto found =
        std::find_if(source.splits().begin(), source.splits().end(),
                     [&](const SourceSplit& split) { return split.name == expected.name; });
    if (found == source.splits().end()) {
      unmet.push_back(join_text("there is no split ", expected.name, "; ImageNet's has ",
                                with_commas(expected.images), " images"));
    } else {
      compare(source, *found, expected, unmet);
    }
  }
  return unmet;
}

}  // namespace ringmaster::sharding
