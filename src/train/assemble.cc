#include "train/assemble.h"

#include <utility>

#include <ATen/Parallel.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/seconds.h"
#include "ckpt/weights_file.h"
#include "train/agreement.h"
#include "train/averaging.h"
#include "train/batch_split.h"
#include "train/checkpointing.h"
#include "train/connecting.h"
#include "train/data_sets.h"
#include "train/device.h"
#include "train/flat_model.h"
#include "train/rates.h"
#include "train/update_rule.h"

namespace ringmaster::train {
namespace {

// Parameters into one flat buffer, gradients and statistics into the engine's arena.
void make_flat(const RunRequest& request, const RunContext& context, Parts& parts) {
  const TrainOptions& options = request.options;
  const auto parameters = model::parameters(*parts.model);
  // Frozen ones do not travel: the mean of equal numbers need not have their bits.
  const auto statistics = options.freeze_batch_norm ? std::vector<model::NamedTensor>()
                                                    : model::statistics(*parts.model);
  // The engine brings the table, and the table the size of the buckets in the engine's arena.
  Connection connection =
      connect(options, table_files(options, request.run_folder), context, parts.device,
              grad::arena_elems(sizes_of(parameters), sizes_of(statistics)));
  parts.engine = std::move(connection.engine);
  parts.allreduce_table = std::move(connection.table);
  const grad::BucketPlan plan = grad::plan_buckets(sizes_of(parameters), sizes_of(statistics),
                                                   bucket_options(options, parts.allreduce_table));

  parts.update_share = share_update(context.control, options.algorithm, parts.device, plan,
                                    deadline_in(options.step_deadline_s));
  FlatModel flat = flatten(parameters, statistics, plan, *parts.engine,
                           context.control.world().size, parts.update_share.get());
  parts.flat_parameters = std::move(flat.parameters);
  parts.gradients = std::move(flat.gradients);
  parts.optimizer =
      make_optimizer(options, parts.flat_parameters, parts.gradients->flat(), std::move(flat.slots),
                     parts.update_share ? parts.update_share->work() : optim::UpdateWork());
}

// Of the tensor's bytes; equal on two ranks exactly if these are.
std::string hash_of(const at::Tensor& flat) {
  const at::Tensor host = flat.cpu();
  return hex64(xxh3_64(std::as_bytes(
      std::span(host.const_data_ptr<float>(), static_cast<std::size_t>(host.numel())))));
}

}  // namespace

TrainerOptions trainer_options_of(const TrainOptions& options, c10::Device device,
                                  int micro_batches) {
  TrainerOptions trainer;
  trainer.forward = {device,
                     parse_precision(options.precision),
                     options.torch_gradients,
                     options.label_smoothing,
                     {options.stochastic_depth, static_cast<std::uint64_t>(options.seed)}};
  trainer.micro_batches = micro_batches;
  trainer.step_deadline_s = options.step_deadline_s;
  trainer.clip_norm = options.clip_norm;
  trainer.norm_steps = options.log_steps;
  return trainer;
}

std::string state_hash(const Parts& parts) {
  std::string averages;
  if (parts.ema) averages = hash_of(parts.ema->flat_parameters());
  return averages + hash_of(parts.flat_parameters) + hash_of(parts.gradients->flat_statistics()) +
         hash_of(parts.optimizer->momentum_buffer());
}

data::TransformOptions transform_options(const TrainOptions& options) {
  data::TransformOptions transform;
  transform.image_size = static_cast<int>(options.image_size);
  // 256 for 224, and the same share of the image for other sizes.
  const std::int64_t share = (options.image_size * 8 + 3) / 7;
  transform.eval_resize = static_cast<int>(options.eval_resize < 0 ? share : options.eval_resize);
  transform.crop = data::parse_crop_kind(options.crop);
  transform.min_scale = options.min_scale;
  transform.flip = options.flip;
  set_augmentation(options.augmentation, transform);
  return transform;
}

data::TransformOptions eval_transform_options(const TrainOptions& options) {
  TrainOptions evaluation = options;
  const std::int64_t side = options.augmentation.eval_image_size;
  if (side > 0) evaluation.image_size = side;
  RM_REQUIRE(
      options.eval_resize <= 0 || options.eval_resize >= evaluation.image_size,
      ErrorKind::kInvalidArgument, "eval_resize = ", options.eval_resize, ": evaluation cuts out ",
      evaluation.image_size,
      " pixels (eval_image_size, or else image_size), so the images would get a black frame");
  evaluation.augmentation = {};  // of training alone
  return transform_options(evaluation);
}

data::LoaderOptions loader_options(const TrainOptions& options, c10::Device device) {
  data::LoaderOptions loader;
  loader.workers = static_cast<int>(options.workers);
  loader.replace_bad = options.on_bad_record == "replace";
  loader.raw_u8 = loader.pin = device.is_cuda();  // bytes travel, the GPU normalises
  return loader;
}

std::shared_ptr<model::ResNet> make_network(const TrainOptions& options, std::int64_t classes) {
  model::ModelOptions network;
  network.name = options.model;
  network.classes = classes;
  network.small_input = options.small_input;
  network.zero_init_residual = options.zero_init_residual;
  network.blur_pool = model::parse_blur_pool(options.blur_pool);
  network.freeze_batch_norm = options.freeze_batch_norm;
  network.seed = static_cast<std::uint64_t>(options.seed);
  return model::make_model(network);
}

Parts assemble(const RunRequest& request, const RunContext& context) {
  const TrainOptions& options = request.options;
  const comm::World& world = context.control.world();
  Parts parts;
  parts.device = choose_device(options.device, world);
  const Precision precision = parse_precision(options.precision);
  apply_precision(precision, parts.device);
  if (precision == Precision::kFloat16) parts.scaler = std::make_unique<optim::LossScaler>();
  const int threads = threads_per_rank(static_cast<int>(options.threads), world);
  at::set_num_threads(threads);
  const auto soon = [&] { return deadline_in(options.step_deadline_s); };
  if (parts.device.is_cpu()) {
    parts.threads_per_core =
        threads_per_core(context.control, allowed_processors(), threads, soon());
  }
  parts.micro_batches = micro_batches_of(options, world.size);
  const shard::Manifest manifest = shard::read_manifest(context.files, request.data_folder);
  const data::EpochPlan plan = epoch_plan(options, manifest, world.size, parts.micro_batches);
  const data::EvalPlan evaluation = eval_plan(options, manifest, world.size);
  const StagedData staged =
      stage_data(options, request.data_folder, manifest, &plan, evaluation, context);
  parts.staged = staged.summary;
  const auto open = [&](const char* split) {
    return shard::open_dataset(context.files, request.data_folder, split, staged.folder_of);
  };
  parts.train_set = open("train");
  parts.val_set = open("val");
  parts.steps_per_epoch = plan.steps_per_epoch();
  const auto transform = transform_options(options);
  const auto loader = loader_options(options, parts.device);
  parts.train_loader =
      std::make_unique<data::TrainLoader>(*parts.train_set, plan, world.rank, transform, loader);
  parts.eval_loader = std::make_unique<data::EvalLoader>(*parts.val_set, evaluation, world.rank,
                                                         eval_transform_options(options), loader);

  parts.model = make_network(options, std::ssize(parts.train_set->classes()));
  if (!options.init.empty()) {
    restore_model(ckpt::read_weights_file(context.files, options.init), options.init, *parts.model);
  }
  parts.model->to(parts.device);
  make_flat(request, context, parts);
  parts.ema = make_ema(options, parts);
  parts.schedule = schedule_of(options, parts.steps_per_epoch);
  agree(context.control,
        {{"configuration", hex64(xxh3_64(request.config_text))},
         {"data set", parts.train_set->hash()},
         {"bucket plan", parts.gradients->plan().hash()},
         {"initial weights", hash_of(parts.flat_parameters)}},
        soon());
  return parts;
}

}  // namespace ringmaster::train
