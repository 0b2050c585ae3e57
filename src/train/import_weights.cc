#include "train/import_weights.h"

#include "base/check.h"
#include "ckpt/weights_file.h"
#include "model/recognise.h"
#include "train/checkpointing.h"

namespace ringmaster::train {

model::ModelOptions model_of(const ckpt::NamedTensors& weights, const std::string& path) {
  model::Shapes shapes;
  for (const auto& [name, tensor] : weights) shapes[name] = tensor.sizes().vec();
  const auto found = model::recognise(shapes);
  if (found.has_value()) return *found;
  std::string names;
  for (const std::string& name : model::model_names()) names += (names.empty() ? "" : ", ") + name;
  throw Error(
      ErrorKind::kInvalidArgument,
      join_text(path, " holds the weights of no model here (", names, "): its first tensor is ",
                weights.empty() ? "missing" : weights.front().first));
}

ImportedWeights import_weights(FileSystem& files, const std::string& path,
                               const std::string& name) {
  const ckpt::NamedTensors weights = ckpt::read_weights_file(files, path);
  ImportedWeights imported;
  imported.model = model_of(weights, path);
  if (name != "auto") imported.model.name = name;
  const auto network = model::make_model(imported.model);
  restore_model(weights, path, *network);
  for (const auto& entry : model::state(*network))
    imported.state.emplace_back(entry.name, entry.tensor.detach());
  return imported;
}

}  // namespace ringmaster::train
