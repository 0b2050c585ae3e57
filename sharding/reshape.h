// What packing does to the images beside copying them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "image/image.h"
#include "shard/dataset.h"

namespace ringmaster::sharding {

struct ReshapeOptions {
  // Images whose shorter side is longer are resized to it, with their aspect, and encoded as JPEG;
  // the others stay as they are. 0: none is resized.
  int shorter_side = 0;
  int quality = 90;  // of resized images, 1 .. 100
  // JPEGs are rewritten without loss: smaller, and rows can be decoded apart (image/jpeg_rows.h).
  bool optimise = false;

  // As the manifest records them; empty where nothing is reshaped.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> recorded() const;
};

// Does to `record` (payload and the shape in its info) what `options` say. `scratch` takes decoded
// pixels; `decoded` says that it holds the record's already. Error{kBadData} for a damaged image.
// Thread-safe. The bytes depend on the record, the options and the libraries' versions alone.
void reshape(const ReshapeOptions& options, bool decoded, image::Image& scratch,
             shard::Record& record);

}  // namespace ringmaster::sharding
