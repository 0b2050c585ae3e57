// Looks at every image of a source and says what is wrong; nothing is packed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sharding/audit_report.h"
#include "sharding/image_check.h"
#include "sharding/observer.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

struct AuditOptions {
  CheckDepth check = CheckDepth::kDecode;
  int workers = 1;
  std::uint64_t memory_bytes = std::uint64_t{256} << 20;  // images that are held at once
  std::string expect;                                     // "" or "imagenet"
};

// One read and at most one decode an image. The report does not depend on the workers. Nothing
// where the observer asked to stop. Error{kIo} where the source can't be read.
[[nodiscard]] std::optional<AuditReport> audit(const Source& source, const AuditOptions& options,
                                               Observer& observer);

// What `source` lacks of ImageNet's 1,281,167 training and 50,000 validation images in 1000
// classes (732 to 1300, and 50 a class), in sentences. `expect` is "imagenet", or "" for nothing.
[[nodiscard]] std::vector<std::string> unmet_expectations(const Source& source,
                                                          const std::string& expect);

}  // namespace ringmaster::sharding
