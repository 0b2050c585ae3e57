#include "sharding/record_maker.h"

#include "base/check.h"
#include "base/hash.h"
#include "sharding/fix_image.h"

namespace ringmaster::sharding {
namespace {

// Transcodes what `seen` calls fixable. A file that turns out to be damaged only now becomes a bad
// one.
void fix(Inspection& seen, image::Image& scratch, MadeRecord& made) {
  std::vector<std::byte>& payload = made.record.payload;
  try {
    if (!seen.decoded) image::decode_rgb(payload, {}, scratch);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadData) throw;
    seen.findings.insert(seen.findings.begin(), {FindingKind::kDamaged, error.what()});
    return;
  }
  Hasher hasher;
  hasher.update(payload);
  made.original_hash = hasher.hex128();
  turn_upright(seen.orientation, scratch);
  transcode(scratch, payload, seen.info);
}

}  // namespace

// As with fix(), a file may turn out to be damaged only now.
void RecordMaker::reshape_now(Inspection& seen, bool decoded, image::Image& scratch,
                              MadeRecord& made) const {
  try {
    reshape(reshape_, decoded, scratch, made.record);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadData) throw;
    seen.findings.insert(seen.findings.begin(), {FindingKind::kDamaged, error.what()});
  }
}

MadeRecord RecordMaker::make(std::size_t split, std::size_t item, image::Image& scratch) const {
  MadeRecord made{.item = &source_.splits().at(split).items.at(item)};
  source_.read(split, item, made.record.payload);
  if (const auto shape = source_.raw_shape()) {
    made.record.info = {.codec = shard::Codec::kRaw8,
                        .width = shape->width,
                        .height = shape->height,
                        .channels = 1};
  } else {
    Inspection seen = inspect_image(made.item->name, made.record.payload, check_, scratch);
    const bool fixed = bad_ == BadPolicy::kFix && seen.bad() == nullptr && !seen.fixable().empty();
    if (fixed) fix(seen, scratch, made);
    made.record.info = seen.info;
    if (seen.bad() == nullptr) reshape_now(seen, fixed || seen.decoded, scratch, made);
    if (const Finding* bad = seen.bad()) {
      if (bad_ == BadPolicy::kFail) fail_bad(source_.locate(split, item), bad->detail);
      made.dropped = bad->detail;
    }
    made.findings = std::move(seen.findings);
  }
  made.record.info.label = made.item->label;
  return made;
}

void fail_bad(const std::string& where, const std::string& reason) {
  throw Error(ErrorKind::kBadData,
              join_text(where, " is no sound image: ", reason,
                        ". Repair or remove it, or leave such files out with --bad drop"));
}

}  // namespace ringmaster::sharding
