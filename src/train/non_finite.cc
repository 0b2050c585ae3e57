#include "train/non_finite.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>

#include "base/check.h"
#include "ckpt/snapshot.h"
#include "data/mix.h"
#include "data/network_input.h"

namespace ringmaster::train {
namespace {

constexpr std::size_t kShownSamples = 8;

bool is_finite(const at::Tensor& tensor) {
  return at::isfinite(tensor).all().item<bool>();
}

// Running statistics and counters are what they were when it ends.
class BuffersKept {
 public:
  explicit BuffersKept(const model::ResNet& model) {
    for (const auto& entry : model::state(model)) {
      if (!entry.tensor.requires_grad()) kept_.emplace_back(entry.tensor, entry.tensor.clone());
    }
  }
  ~BuffersKept() {
    const at::NoGradGuard no_grad;
    for (auto& [live, kept] : kept_) live.copy_(kept);
  }
  BuffersKept(const BuffersKept&) = delete;
  BuffersKept& operator=(const BuffersKept&) = delete;

 private:
  std::vector<std::pair<at::Tensor, at::Tensor>> kept_;
};

// The first thing of a forward and backward that is not finite.
std::optional<std::string> first_bad(Parts& parts, const data::Batch& batch, std::int64_t epoch,
                                     const ForwardOptions& options) {
  for (const auto& entry : model::parameters(*parts.model)) {
    if (!is_finite(entry.tensor.detach())) return join_text("the weight ", entry.name);
  }
  if (!is_finite(data::network_input(batch, options.device))) return "the images";
  std::optional<std::string> bad;
  at::Tensor(parts.gradients->flat()).zero_();
  const ForwardResult forward = run_forward(
      *parts.model, batch, epoch, options, [&](const std::string& layer, const at::Tensor& output) {
        if (!bad && !is_finite(output.detach())) bad = join_text("the output of layer ", layer);
      });
  if (bad) return bad;
  if (!is_finite(forward.loss.detach())) return "the loss";
  const double scale = parts.scaler ? parts.scaler->scale() : 1;
  (forward.loss * scale).backward();  // the ring rests: no step is armed
  const auto parameters = model::parameters(*parts.model);
  for (auto entry = parameters.rbegin(); entry != parameters.rend(); ++entry) {
    if (!is_finite(entry->tensor.grad())) return join_text("the gradient of ", entry->name);
  }
  return std::nullopt;
}

std::string list_of(const std::vector<std::int64_t>& samples, std::size_t shown) {
  std::string list;
  for (std::size_t i = 0; i < std::min(shown, samples.size()); ++i)
    list += (i == 0 ? "" : ", ") + std::to_string(samples[i]);
  if (samples.size() > shown) list += join_text(" ... (", samples.size(), " in all)");
  return list;
}

std::string file_name(std::int64_t step, int rank) {
  std::array<char, 48> name{};
  const int size = std::snprintf(name.data(), name.size(), "step%06lld_rank%03d.pt",
                                 static_cast<long long>(step), rank);
  return {name.data(), static_cast<std::size_t>(size)};
}

void write_batch(const data::Batch& batch, std::int64_t classes, const ForwardOptions& options,
                 FileSystem& files, const std::string& path) {
  ckpt::NamedTensors tensors = {{"images", data::network_input(batch, options.device)},
                                {"targets", batch.targets},
                                {"sample_ids", at::tensor(batch.sample_ids)}};
  if (batch.mix.kind != data::Mix::Kind::kNone)
    tensors.emplace_back("target_weights", data::mix_targets(batch.targets, batch.mix, classes));
  const auto file = files.create(path);
  (void)ckpt::write_tensors(tensors, *file);
  file->close();
}

// What one rank finds in its part of the step: text for all, and with all samples for its own log.
std::pair<std::string, std::string> look(Parts& parts, const RunContext& context,
                                         const ForwardOptions& options, const Progress& before,
                                         const std::string& folder) {
  const BuffersKept kept(*parts.model);
  const comm::World& world = context.control.world();
  const auto classes = static_cast<std::int64_t>(parts.train_set->classes().size());
  parts.train_loader->start_epoch(before.epoch, before.epoch_step);
  for (int micro = 0; micro < parts.micro_batches; ++micro) {
    const auto batch = parts.train_loader->next();
    RM_CHECK(batch.has_value(), "the step's batch is gone");
    const auto bad = first_bad(parts, *batch, before.epoch, options);
    if (!bad) continue;
    context.files.make_dirs(folder);
    const std::string path = join_path(folder, file_name(before.step + 1, world.rank));
    write_batch(*batch, classes, options, context.files, path);
    const auto text = [&](std::size_t shown) {
      return join_text(world.name(world.rank), ", samples ", list_of(batch->sample_ids, shown),
                       ": ", *bad, " is the first that is not finite; the batch is in ", path);
    };
    return {text(kShownSamples), text(batch->sample_ids.size())};
  }
  return {};
}

}  // namespace

NonFiniteFinding find_non_finite(Parts& parts, const RunContext& context,
                                 const ForwardOptions& options, const Progress& before,
                                 const std::string& folder, Deadline deadline) {
  const auto [mine, where] = look(parts, context, options, before, folder);
  parts.train_loader->start_epoch(before.epoch, before.epoch_step + 1);
  NonFiniteFinding finding{"", where};
  for (const std::string& text : context.control.all_gather(mine, deadline)) {
    if (finding.text.empty()) finding.text = text;
  }
  if (finding.text.empty()) {
    finding.text =
        "made again, every rank's part of it is finite: what is wrong lies in the sum over the "
        "ranks, or does not come back, as faulty memory";
  }
  return finding;
}

std::string skip_or_stop(const NonFiniteFinding& finding, const Totals& totals,
                         const Progress& before, const TrainOptions& options) {
  const std::string what =
      join_text(std::isfinite(totals.loss()) ? "the gradients' norm in step " : "the loss of step ",
                before.step + 1, " is not finite: ", finding.text);
  RM_REQUIRE(options.non_finite == "skip", ErrorKind::kInvalidArgument, what,
             ". No weight was changed by it. Start again from a checkpoint before it with a lower "
             "max_lr, a longer warm-up or clip_norm, or with non_finite = skip");
  RM_REQUIRE(before.not_finite < options.non_finite_budget, ErrorKind::kInvalidArgument, what,
             ". That is one more than non_finite_budget = ", options.non_finite_budget,
             " allows to skip");
  return what + "; skipped";
}

}  // namespace ringmaster::train
