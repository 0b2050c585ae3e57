#include "sharding/pack.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/check.h"
#include "shard/container.h"
#include "shard/shard_check.h"
#include "sharding/ordered_work.h"
#include "sharding/pack_audit.h"
#include "sharding/pack_identity.h"
#include "sharding/pack_output.h"

namespace ringmaster::sharding {
namespace {

// More than a few units a worker gain nothing, and memory that was just used is faster.
std::uint64_t held_bytes(const PackOptions& options) {
  return std::min(options.memory_bytes,
                  static_cast<std::uint64_t>(options.workers) * (std::uint64_t{16} << 20));
}

class Packer {
 public:
  Packer(FileSystem& files, const Source& source, const PackOptions& options, Observer& observer)
      : files_(files),
        source_(source),
        options_(options),
        observer_(observer),
        maker_(source, options.check, options.bad, options.reshape),
        plan_(plan_shards(source, options.plan)),
        recorded_(recorded_options(source, plan_, options)),
        id_(data_set_id(source, recorded_)),
        audit_(files, source, options.output, id_, plan_) {}

  PackResult run() {
    files_.make_dirs(options_.output);
    if (auto finished = finished_before()) {
      if (options_.part.whole()) remove_notes(files_, options_.output);
      return {PackOutcome::kAlreadyPacked, *finished};
    }
    refuse_strange_shards(files_, options_.output, plan_);
    if (options_.part.whole()) remove_unfinished(files_, options_.output);
    begin_manifest();
    for (std::size_t s = 0; s < plan_.size(); ++s) {
      if (!options_.part.owns(s, plan_.size())) continue;
      if (observer_.stop_requested()) return {PackOutcome::kStopped, {}};
      if (!keep(s)) plan_work(s);
    }
    require_space(files_, options_.output, needed_bytes_);
    observer_.begin(images_, bytes_);
    if (!write_shards()) return {PackOutcome::kStopped, {}};
    finish_manifest();
    return {PackOutcome::kPacked, manifest_};
  }

 private:
  [[nodiscard]] const SourceSplit& split_of(std::size_t s) const {
    return source_.splits()[plan_[s].split];
  }
  [[nodiscard]] std::string path_of(std::size_t s) const {
    return join_path(options_.output, plan_[s].name);
  }
  [[nodiscard]] shard::ShardIdentity identity_of(std::size_t s) const {
    return {id_, split_of(s).name, plan_[s].index};
  }

  [[nodiscard]] shard::Container container() const { return options_.plan.container; }

  // What says that this pack, or this part of it, is done.
  [[nodiscard]] std::string manifest_path() const {
    return join_path(options_.output,
                     options_.part.whole() ? shard::kManifestName : part_file_name(options_.part));
  }

  // The manifest of this very data set, where it lies in the output folder with all its shards.
  // Another data set is refused, or removed with `overwrite`.
  std::optional<shard::Manifest> finished_before() {
    if (options_.overwrite) {
      remove_data_set(files_, options_.output);
      return std::nullopt;
    }
    std::optional<shard::Manifest> found =
        read_own(join_path(options_.output, shard::kManifestName));
    if (!found) found = read_own(manifest_path());
    return found;
  }

  std::optional<shard::Manifest> read_own(const std::string& path) {
    if (!files_.exists(path)) return std::nullopt;
    const shard::Manifest manifest = shard::parse_manifest(read_text(files_, path), path);
    RM_REQUIRE(manifest.data_set == id_ && manifest.container == container(),
               ErrorKind::kInvalidArgument, options_.output,
               " holds another data set: ", differences(manifest, source_, recorded_),
               ". Choose another --output, or replace it with --overwrite");
    try {
      for (const shard::SplitEntry& split : manifest.splits) {
        for (std::uint32_t i = 0; i < split.shards.size(); ++i) {
          if (split.shards[i].summary.file_bytes > 0)
            (void)shard::open_shard(files_, options_.output, manifest, split, i);
        }
      }
      return manifest;
    } catch (const Error& error) {
      observer_.note(join_text(error.what(), ": packing what is missing"));
      files_.remove(path);
      return std::nullopt;
    }
  }

  void begin_manifest() {
    manifest_ = {.data_set = id_,
                 .container = container(),
                 .packer = options_.packer,
                 .decoder = options_.check == CheckDepth::kDecode ? "every image decoded" : "",
                 .source = source_.description(),
                 .options = recorded_,
                 .classes = source_.classes(),
                 .class_words = source_.class_words(),
                 .source_files = source_.archives()};
    for (const SourceSplit& split : source_.splits()) {
      manifest_.splits.push_back(
          {.name = split.name,
           .class_counts = std::vector<std::uint64_t>(source_.classes().size())});
    }
    for (const PlannedShard& shard : plan_)
      manifest_.splits[shard.split].shards.push_back({shard.name, not_packed()});
  }

  shard::SplitEntry& entry_of(std::size_t s) { return manifest_.splits[plan_[s].split]; }

  // Whether shard `s` is there already.
  bool keep(std::size_t s) {
    std::string why;
    const auto kept =
        examine_shard(files_, container(), path_of(s), identity_of(s), plan_[s], split_of(s), why);
    if (!why.empty()) observer_.note(join_text(why, ": packing it again"));
    if (!kept) return false;
    if (!audit_.restore(s, kept->left_out)) {
      observer_.note(join_text("nothing says what was noticed about the images of ", path_of(s),
                               ": packing it again"));
      return false;
    }
    if (options_.bad == BadPolicy::kFail) audit_.require_nothing_dropped(s);
    shard::SplitEntry& entry = entry_of(s);
    entry.shards[plan_[s].index].summary = kept->summary;
    for (const std::uint32_t label : kept->labels) ++entry.class_counts.at(label);
    observer_.note(join_text("keeping ", plan_[s].name, ", ", kept->summary.records, " images"));
    return true;
  }

  void plan_work(std::size_t s) {
    needed_bytes_ += estimated_bytes(plan_[s], split_of(s));
    images_ += plan_[s].items.size();
    bytes_ += plan_[s].payload_bytes;
    const std::vector<WorkUnit> units = cut_units(plan_[s], s, split_of(s));
    units_.insert(units_.end(), units.begin(), units.end());
  }

  bool write_shards() {
    using Work = OrderedWork<std::vector<MadeRecord>>;
    Work work(units_.size(), {options_.workers, held_bytes(options_)},
              {.cost_bytes = [this](std::size_t u) { return units_[u].bytes; },
               .make = [this](std::size_t u) { return make(units_[u]); },
               .consume =
                   [this](std::size_t u, std::vector<MadeRecord> records) {
                     write(units_[u], records);
                     return !observer_.stop_requested();
                   }});
    const bool done = work.run();
    writer_.reset();  // a shard that a stop left unfinished goes
    return done;
  }

  [[nodiscard]] std::vector<MadeRecord> make(const WorkUnit& unit) const {
    std::vector<MadeRecord> records;
    image::Image scratch;
    for (std::size_t i = unit.begin; i < unit.end; ++i)
      records.push_back(maker_.make(plan_[unit.shard].split, plan_[unit.shard].items[i], scratch));
    return records;
  }

  void write(const WorkUnit& unit, const std::vector<MadeRecord>& records) {
    const PlannedShard& shard = plan_[unit.shard];
    shard::SplitEntry& entry = entry_of(unit.shard);
    if (unit.begin == 0) {
      writer_ = shard::make_shard_writer(files_, container(), path_of(unit.shard),
                                         identity_of(unit.shard), source_.classes());
    }
    for (const MadeRecord& made : records) {
      if (made.dropped.empty()) {
        writer_->add(made.record.info, made.item->name, made.record.payload);
        ++entry.class_counts[made.record.info.label];
      } else {
        observer_.note(join_text("dropped ", made.item->name, ": ", made.dropped));
      }
      audit_.take(unit.shard, made);
    }
    if (unit.end == shard.items.size()) {
      audit_.finish_shard(unit.shard);
      entry.shards[shard.index].summary = writer_->finish();
      writer_.reset();
    }
    observer_.advance(records.size(), unit.bytes);
  }

  void finish_manifest() {
    audit_.complete(manifest_);
    for (const shard::SplitEntry& split : manifest_.splits) {
      RM_REQUIRE(split.records() > 0 || !options_.part.whole(), ErrorKind::kBadData, "split ",
                 split.name, " has no sound image left");
    }
    if (options_.part.whole()) audit_.write_report(manifest_);
    write_atomically(files_, manifest_path(), to_text(manifest_));
    if (options_.part.whole()) remove_notes(files_, options_.output);
  }

  FileSystem& files_;
  const Source& source_;
  const PackOptions& options_;
  Observer& observer_;
  const RecordMaker maker_;
  const std::vector<PlannedShard> plan_;
  const std::vector<std::pair<std::string, std::string>> recorded_;
  const std::string id_;
  shard::Manifest manifest_;
  PackAudit audit_;
  std::vector<WorkUnit> units_;
  std::uint64_t needed_bytes_ = 0, images_ = 0, bytes_ = 0;
  std::unique_ptr<shard::ShardWriter> writer_;
};

}  // namespace

PackResult pack(FileSystem& files, const Source& source, const PackOptions& options,
                Observer& observer) {
  return Packer(files, source, options, observer).run();
}

}  // namespace ringmaster::sharding
