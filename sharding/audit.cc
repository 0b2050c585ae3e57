#include "sharding/audit.h"

#include <algorithm>

#include "base/hash.h"
#include "sharding/duplicates.h"
#include "sharding/inspect_image.h"
#include "sharding/ordered_work.h"
#include "sharding/shard_plan.h"

namespace ringmaster::sharding {
namespace {

struct Looked {
  std::uint64_t hash = 0;
  std::vector<Finding> findings;
};

class Auditor {
 public:
  Auditor(const Source& source, const AuditOptions& options, Observer& observer)
      : source_(source), options_(options), observer_(observer) {
    report_.source = source.description();
    report_.check = options.check == CheckDepth::kDecode ? "decode" : "header";
    report_.classes = source.classes();
    report_.unmet = unmet_expectations(source, options.expect);
    for (std::size_t s = 0; s < source.splits().size(); ++s) add_split(s);
  }

  std::optional<AuditReport> run() {
    std::uint64_t images = 0, bytes = 0;
    for (const AuditedSplit& split : report_.splits) {
      images += split.images;
      bytes += split.bytes;
    }
    observer_.begin(images, bytes);
    using Work = OrderedWork<std::vector<Looked>>;
    Work work(units_.size(), {options_.workers, options_.memory_bytes},
              {.cost_bytes = [this](std::size_t u) { return units_[u].bytes; },
               .make = [this](std::size_t u) { return look_at(units_[u]); },
               .consume =
                   [this](std::size_t u, const std::vector<Looked>& looked) {
                     take(units_[u], looked);
                     return !observer_.stop_requested();
                   }});
    if (!work.run()) return std::nullopt;
    for (AuditedSplit& split : report_.splits) {
      condense(split.groups[0].notes, split.images);
      const AuditNotes& notes = split.groups[0].notes;
      if (notes.entries.empty() && notes.common.empty()) split.groups.clear();
    }
    report_.duplicates =
        find_duplicates(std::move(keys_), [this](const std::vector<ImageKey>& wanted) {
          std::vector<std::string> names;
          for (const ImageKey& key : wanted)
            names.push_back(source_.splits()[key.split].items[key.number].name);
          return names;
        });
    return std::move(report_);
  }

 private:
  // A split is one shard of all its items in the order of the listing, as units of work see it.
  void add_split(std::size_t s) {
    const SourceSplit& split = source_.splits()[s];
    AuditedSplit audited{.name = split.name,
                         .images = split.items.size(),
                         .class_counts = std::vector<std::uint64_t>(source_.classes().size()),
                         .groups = {AuditGroup{}}};
    PlannedShard all{.split = s};
    for (std::uint32_t i = 0; i < split.items.size(); ++i) {
      all.items.push_back(i);
      audited.bytes += split.items[i].size_bytes;
      ++audited.class_counts.at(split.items[i].label);
    }
    const auto units = cut_units(all, s, split);
    units_.insert(units_.end(), units.begin(), units.end());
    report_.splits.push_back(std::move(audited));
  }

  [[nodiscard]] std::vector<Looked> look_at(const WorkUnit& unit) const {
    std::vector<Looked> looked;
    std::vector<std::byte> bytes;
    image::Image scratch;
    for (std::size_t i = unit.begin; i < unit.end; ++i) {
      source_.read(unit.shard, i, bytes);
      Looked& one = looked.emplace_back();
      one.hash = xxh3_64(bytes);
      if (source_.raw_shape()) continue;
      const std::string& name = source_.splits()[unit.shard].items[i].name;
      one.findings = inspect_image(name, bytes, options_.check, scratch).findings;
    }
    return looked;
  }

  void take(const WorkUnit& unit, const std::vector<Looked>& looked) {
    const auto split = static_cast<std::uint32_t>(unit.shard);
    for (std::size_t i = unit.begin; i < unit.end; ++i) {
      const SourceItem& item = source_.splits()[split].items[i];
      const Looked& one = looked[i - unit.begin];
      if (item.size_bytes > 0)
        keys_.push_back({one.hash, static_cast<std::uint32_t>(item.size_bytes), item.label, split,
                         static_cast<std::uint32_t>(i)});
      note(report_.splits[split].groups[0].notes, source_, split, i, one.findings);
    }
    observer_.advance(looked.size(), unit.bytes);
  }

  const Source& source_;
  const AuditOptions& options_;
  Observer& observer_;
  AuditReport report_;
  std::vector<WorkUnit> units_;
  std::vector<ImageKey> keys_;
};

}  // namespace

std::optional<AuditReport> audit(const Source& source, const AuditOptions& options,
                                 Observer& observer) {
  return Auditor(source, options, observer).run();
}

}  // namespace ringmaster::sharding
