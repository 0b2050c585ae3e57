#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "base/error.h"
#include "base/file.h"
#include "ckpt/snapshot.h"
#include "ckpt/weights_file.h"
#include "model/resnet.h"
#include "train/evaluate_checkpoint.h"
#include "train/import_weights.h"

namespace ringmaster::app {
namespace {

struct ImportArguments {
  std::string input, output, model = "auto";
  bool json = false;
};

struct ExportArguments {
  std::string checkpoint, output, weights = "model", format = "auto";
  bool json = false;
};

ckpt::WeightsFormat format_of(const ExportArguments& arguments) {
  if (arguments.format == "torch") return ckpt::WeightsFormat::kTorch;
  if (arguments.format == "safetensors") return ckpt::WeightsFormat::kSafetensors;
  return ckpt::weights_format_of(arguments.output);
}

std::int64_t elements_of(const ckpt::NamedTensors& tensors) {
  std::int64_t count = 0;
  for (const auto& entry : tensors) count += entry.second.numel();
  return count;
}

void print(FileSystem& files, const std::string& output, const model::ModelOptions& model,
           const ckpt::NamedTensors& tensors, bool json) {
  const std::uint64_t bytes = files.size_bytes(output);
  if (json) {
    std::cout << nlohmann::json({{"path", output},
                                 {"model", model.name},
                                 {"classes", model.classes},
                                 {"small_input", model.small_input},
                                 {"tensors", tensors.size()},
                                 {"elements", elements_of(tensors)},
                                 {"bytes", bytes}})
                     .dump()
              << '\n';
    return;
  }
  std::cout << output << ": " << model.name << (model.small_input ? " with a small stem" : "")
            << ", " << model.classes << " classes, " << tensors.size() << " tensors, "
            << elements_of(tensors) << " elements, " << bytes << " bytes\n";
}

std::vector<std::string> model_choices() {
  std::vector<std::string> names = model::model_names();
  names.insert(names.begin(), "auto");
  return names;
}

}  // namespace

config::Command checkpoint_import_command() {
  const auto arguments = std::make_shared<ImportArguments>();
  config::Command command{
      "checkpoint import", "make a checkpoint of torchvision's or anyone's weights", {}, {}};
  config::Declarations& keys = command.keys;
  keys.group("weights");
  keys.add("input", &arguments->input,
           "torch.save's file (a state dict, or one under model or state_dict) or a safetensors "
           "file; names may begin with module., model. or _orig_mod.",
           {config::required(), config::positional()});
  keys.add("output", &arguments->output, "Checkpoint to write.",
           {config::required(), config::positional()});
  keys.add("model", &arguments->model, "Whose weights they are; auto: as names and shapes say.",
           {config::one_of(model_choices())});
  keys.add("json", &arguments->json, "Print one JSON object.", {config::flag()});
  command.run = [arguments](const config::Declarations&) {
    const auto files = posix_file_system();
    const auto imported = train::import_weights(*files, arguments->input, arguments->model);
    ckpt::write_weights_checkpoint(*files, arguments->output, imported.state, arguments->input);
    print(*files, arguments->output, imported.model, imported.state, arguments->json);
    return kExitDone;
  };
  return command;
}

config::Command checkpoint_export_command() {
  const auto arguments = std::make_shared<ExportArguments>();
  config::Command command{
      "checkpoint export", "write a checkpoint's weights for torchvision or safetensors", {}, {}};
  config::Declarations& keys = command.keys;
  keys.group("weights");
  keys.add("checkpoint", &arguments->checkpoint, "Checkpoint file.",
           {config::required(), config::positional()});
  keys.add("output", &arguments->output, "File to write.",
           {config::required(), config::positional()});
  keys.add("weights", &arguments->weights, "As they were trained, or their average (ema_decay).",
           {config::one_of({"model", "ema"})});
  keys.add(
      "format", &arguments->format,
      "torch: a state dict as torch.save writes it; auto: by the ending, .safetensors, or .pt, "
      ".pth, .bin.",
      {config::one_of({"auto", "torch", "safetensors"})});
  keys.add("json", &arguments->json, "Print one JSON object.", {config::flag()});
  command.run = [arguments](const config::Declarations&) {
    const auto files = posix_file_system();
    const auto format = format_of(*arguments);
    const auto weights =
        train::weights_of_checkpoint(*files, arguments->checkpoint, arguments->weights);
    const auto model = train::model_of(weights, arguments->checkpoint);
    ckpt::write_weights_file(*files, arguments->output, weights, format);
    print(*files, arguments->output, model, weights, arguments->json);
    return kExitDone;
  };
  return command;
}

}  // namespace ringmaster::app
