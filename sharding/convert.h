// The same data set in another container.
#pragma once

#include <string>

#include "base/file.h"
#include "shard/manifest.h"
#include "sharding/observer.h"

namespace ringmaster::sharding {

struct ConvertOptions {
  std::string input, output;  // folders; the output is made where it is missing
  shard::Container container = shard::Container::kRecord;
  int workers = 1;  // shards written at once; the bytes don't depend on it
};

// Writes every record of the data set in `input`, in the same order and under the same data set's
// id, into shards of another container in `output`; the manifest comes last. Payloads, tables,
// names and what the manifest says of them stay: converting back gives the first files byte for
// byte, and packing the source with that container gives the second ones. Returns the new manifest,
// empty when it was stopped.
//
// Error{kInvalidArgument} where `output` has shards or a manifest, or the data set is in that
// container already; Error{kBadData} naming a damaged record, after which `output` has no manifest.
[[nodiscard]] shard::Manifest convert(FileSystem& files, const ConvertOptions& options,
                                      Observer& observer);

}  // namespace ringmaster::sharding
