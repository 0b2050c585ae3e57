#include "comm/wire.h"

#include "base/check.h"

namespace ringmaster::comm {

const std::vector<std::string>& wire_names() {
  static const std::vector<std::string> kNames = {"fp32", "fp16", "bf16"};
  return kNames;
}

std::optional<DType> parse_wire(const std::string& name) {
  if (name == "fp32") return std::nullopt;
  if (name == "fp16") return DType::kFloat16;
  if (name == "bf16") return DType::kBFloat16;
  throw Error(ErrorKind::kInvalidArgument,
              join_text("wire = ", name, " is unknown: there are fp32, fp16 and bf16"));
}

}  // namespace ringmaster::comm
