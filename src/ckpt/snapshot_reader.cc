#include "base/check.h"
#include "ckpt/checksum.h"
#include "ckpt/snapshot.h"

namespace ringmaster::ckpt {
namespace {

using Kind = PickleValue::Kind;

constexpr std::int64_t kFormat = 1;

// Members of a dict whose kind is checked: all that is wrong is Error{kBadData} naming `path`.
class DictReader {
 public:
  DictReader(const PickleValue& dict, const std::string& path) : dict_(dict), path_(path) {}

  [[nodiscard]] const PickleValue& get(const char* key, Kind kind) const {
    const PickleValue* const value = dict_.find(key);
    RM_REQUIRE(value != nullptr && value->kind == kind, ErrorKind::kBadData, path_, ": its ", key,
               " is missing or not what a checkpoint of a run has there");
    return *value;
  }
  [[nodiscard]] double real(const char* key) const {
    const PickleValue* const value = dict_.find(key);
    if (value != nullptr && value->kind == Kind::kInteger)  // Python writes 0, not 0.0
      return static_cast<double>(value->integer);
    return get(key, Kind::kReal).real;
  }
  // All of the dict, each member's value by `read`.
  template <typename Value, typename Read>
  [[nodiscard]] std::map<std::string, Value> all(Kind kind, const Read& read) const {
    std::map<std::string, Value> values;
    for (std::size_t i = 0; i < dict_.items.size(); i += 2) {
      RM_REQUIRE(dict_.items[i]->kind == Kind::kText && dict_.items[i + 1]->kind == kind,
                 ErrorKind::kBadData, path_, ": an entry of its records has the wrong type");
      values[dict_.items[i]->text] = read(*dict_.items[i + 1]);
    }
    return values;
  }

 private:
  const PickleValue& dict_;
  const std::string& path_;
};

void read_records(const TensorArchive& archive, Snapshot& snapshot) {
  const DictReader root(archive.root(), archive.path());
  const auto format = root.get("ringmaster_format", Kind::kInteger).integer;
  RM_REQUIRE(format == kFormat, ErrorKind::kNotSupported, archive.path(), " has layout ", format,
             ", and this version reads ", kFormat,
             ": use the version that wrote it, or a later one");
  const auto member = [&](const char* key) {
    return DictReader(root.get(key, Kind::kDict), archive.path());
  };
  snapshot.progress =
      member("progress").all<std::int64_t>(Kind::kInteger, [](const PickleValue& value) {
        return value.integer;
      });
  snapshot.numbers = member("numbers").all<double>(
      Kind::kReal, [](const PickleValue& value) { return value.real; });
  snapshot.texts = member("texts").all<std::string>(
      Kind::kText, [](const PickleValue& value) { return value.text; });
}

ParameterGroup read_group(const PickleValue& value, const std::string& path) {
  const DictReader dict(value, path);
  ParameterGroup group;
  group.lr = dict.real("lr");
  group.momentum = dict.real("momentum");
  group.dampening = dict.real("dampening");
  group.weight_decay = dict.real("weight_decay");
  group.nesterov = dict.get("nesterov", Kind::kBool).integer != 0;
  for (const PickleValue* number : dict.get("params", Kind::kList).items) {
    RM_REQUIRE(number->kind == Kind::kInteger, ErrorKind::kBadData, path,
               ": a parameter's number is none");
    group.parameters.push_back(number->integer);
  }
  return group;
}

OptimizerState read_optimizer(TensorArchive& archive, const PickleValue& value) {
  const DictReader dict(value, archive.path());
  OptimizerState optimizer;
  std::size_t count = 0;
  for (const PickleValue* group : dict.get("param_groups", Kind::kList).items) {
    optimizer.groups.push_back(read_group(*group, archive.path()));
    count += optimizer.groups.back().parameters.size();
  }
  const auto& state = dict.get("state", Kind::kDict).items;
  if (!state.empty()) optimizer.momentum_buffers.resize(count);
  for (std::size_t i = 0; i < state.size(); i += 2) {
    const std::int64_t number = state[i]->integer;
    RM_REQUIRE(state[i]->kind == Kind::kInteger && number >= 0 &&
                   number < static_cast<std::int64_t>(count),
               ErrorKind::kBadData, archive.path(),
               ": momentum of a parameter that is in no group");
    const PickleValue* const buffer = state[i + 1]->find("momentum_buffer");
    if (buffer != nullptr && buffer->kind != Kind::kNone)
      optimizer.momentum_buffers[static_cast<std::size_t>(number)] = archive.tensor(*buffer);
  }
  return optimizer;
}

optim::LossScalerState read_scaler(const PickleValue& value, const std::string& path) {
  const DictReader dict(value, path);
  optim::LossScalerState scaler;
  scaler.scale = dict.real("scale");
  scaler.growth_factor = dict.real("growth_factor");
  scaler.backoff_factor = dict.real("backoff_factor");
  scaler.growth_interval = dict.get("growth_interval", Kind::kInteger).integer;
  scaler.growth_tracker = dict.get("_growth_tracker", Kind::kInteger).integer;
  return scaler;
}

}  // namespace

Snapshot read_snapshot(FileSystem& files, const std::string& path) {
  require_checksum(*files.open(path), path);
  TensorArchive archive(files, path);
  Snapshot snapshot;
  read_records(archive, snapshot);
  const DictReader root(archive.root(), path);
  snapshot.model = archive.tensors(root.get("model", Kind::kDict), "model");
  if (const PickleValue* ema = archive.root().find("ema"))
    snapshot.ema = archive.tensors(*ema, "ema");
  snapshot.optimizer = read_optimizer(archive, root.get("optimizer", Kind::kDict));
  if (const PickleValue* scaler = archive.root().find("scaler"))
    snapshot.scaler = read_scaler(*scaler, path);
  return snapshot;
}

Snapshot read_summary(FileSystem& files, const std::string& path) {
  const TensorArchive archive(files, path);
  Snapshot snapshot;
  read_records(archive, snapshot);
  return snapshot;
}

NamedTensors read_weights(FileSystem& files, const std::string& path) {
  TensorArchive archive(files, path);
  const PickleValue& root = archive.root();
  for (const char* key : {"model", "state_dict", "model_state_dict"}) {
    const PickleValue* const member = root.find(key);
    if (member != nullptr && member->kind == Kind::kDict) return archive.tensors(*member, key);
  }
  RM_REQUIRE(
      root.kind == Kind::kDict && !root.items.empty() && TensorArchive::is_tensor(*root.items[1]),
      ErrorKind::kBadData, path,
      " holds no weights: it must be a state dict, or have one under \"model\" or "
      "\"state_dict\"");
  return archive.tensors(root, "the state dict");
}

}  // namespace ringmaster::ckpt
