#include "train/options.h"

#include "comm/wire.h"

namespace ringmaster::train {
namespace {

using namespace config;  // a table of declarations reads better without it

void declare_model(Declarations& keys, TrainOptions& o) {
  keys.group("model");
  keys.add("model", &o.model, "Network, with torchvision's names.",
           {one_of({"resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2",
                    "resnext50_32x4d"})});
  keys.add("small_input", &o.small_input,
           "3x3 stem of stride 1 without pooling, for images of about 32 pixels.");
  keys.add("zero_init_residual", &o.zero_init_residual,
           "Start the last batch norm of every block at 0.");
  keys.add("blur_pool", &o.blur_pool,
           "A binomial 3x3 filter before strided convolutions (convs), and in the stem's max-pool "
           "too (all).",
           {one_of({"off", "convs", "all"})});
  keys.add("stochastic_depth", &o.stochastic_depth,
           "How often the last block's branch is left out for a training image; earlier blocks in "
           "proportion to their place.",
           {in_range(0, 0.99)});
  keys.add("freeze_batch_norm", &o.freeze_batch_norm,
           "Batch norm normalises with its running statistics in training too, and leaves them as "
           "they are (with init).");
  keys.add("init", &o.init,
           "Checkpoint (ours or torchvision's) whose weights a new run starts from, instead of "
           "random ones.");
}

void declare_data(Declarations& keys, TrainOptions& o) {
  keys.group("data");
  keys.add("image_size", &o.image_size, "Side of the square that the network sees.",
           {in_range(8, 4096), unit("pixels")});
  keys.add("eval_resize", &o.eval_resize,
           "Validation images: shorter side before the centre crop; 0: as they are; -1: image_size "
           "* 8 / 7 (256 for 224).",
           {in_range(-1, 8192), unit("pixels")});
  keys.add("crop", &o.crop,
           "Training crop: a random part resized, the whole image padded and shifted, or the image "
           "as it is.",
           {one_of({"random_resized", "pad_shift", "none"})});
  keys.add("min_scale", &o.min_scale, "Smallest part of the area that random_resized takes.",
           {above(0), in_range(0, 1)});
  keys.add("flip", &o.flip, "Flip half of the training images left to right.");
  declare_augmentation(keys, o.augmentation);
  keys.add("workers", &o.workers, "Decoding threads of a rank; 0: in the training thread.",
           {in_range(0, 1024)});
  keys.add("order", &o.order,
           "Order of samples: global is an exact permutation of the whole set in every epoch; with "
           "sharded each rank reads only its own shards, shuffled within order_window.",
           {one_of({"global", "sharded"})});
  keys.add(
      "order_window", &o.order_window,
      "order = sharded: samples that are shuffled together. Larger mixes better and reads more "
      "scattered.",
      {at_least(1), unit("images")});
  keys.add("on_bad_record", &o.on_bad_record,
           "A damaged training record: stop and name it, or train on its neighbour in the shard "
           "and log it.",
           {one_of({"stop", "replace"})});
  keys.add("bad_record_budget", &o.bad_record_budget,
           "on_bad_record = replace: stop after more than so many in an epoch, over all ranks.",
           {at_least(0), unit("records")});
}

void declare_recipe(Declarations& keys, TrainOptions& o) {
  keys.group("recipe");
  keys.add("global_batch", &o.global_batch,
           "Images of one step over all ranks; a multiple of the number of ranks.",
           {at_least(1), unit("images")});
  keys.add("micro_batch", &o.micro_batch,
           "Images of one forward pass of a rank, gradients accumulated over the rank's share; 0: "
           "all at once.",
           {at_least(0), unit("images")});
  keys.add("epochs", &o.epochs, "Passes over the training set.", {at_least(1)});
  keys.add("seed", &o.seed, "Of weights, order and augmentation.", {at_least(0)});
  keys.add("optimizer", &o.optimizer,
           "Update rule; lars adapts the rate layer by layer, for large batches.",
           {one_of({"sgd", "lars"})});
  keys.add("momentum", &o.momentum, "Of the optimizer.", {in_range(0, 1)});
  keys.add("nesterov", &o.nesterov, "Nesterov's form of momentum.");
  keys.add("weight_decay", &o.weight_decay, "L2 penalty, added to the gradient.", {at_least(0)});
  keys.add("decay_norm_and_bias", &o.decay_norm_and_bias,
           "Whether batch norm and biases decay too, as in torch.optim.SGD.");
  keys.add("trust_coefficient", &o.trust_coefficient,
           "lars: a layer's step as a share of its weights' norm.", {above(0)});
  keys.add("clip_norm", &o.clip_norm,
           "Scale the gradients so that their 2-norm over all weights is at most this; 0: don't.",
           {at_least(0)});
  keys.add("label_smoothing", &o.label_smoothing, "Share of the target spread over all classes.",
           {in_range(0, 1)});
  keys.add("ema_decay", &o.ema_decay,
           "Average the weights over the steps with this decay, evaluate and save the average "
           "beside them; 0: don't.",
           {in_range(0, 1)});
  keys.add("ema_warmup", &o.ema_warmup,
           "The decay starts low, (1 + step) / (10 + step), so that the first weights don't weigh "
           "for long.");
}

void declare_rates(Declarations& keys, TrainOptions& o) {
  keys.group("learning rate");
  keys.add("schedule", &o.schedule, "Learning rate by step.",
           {one_of({"onecycle", "triangular", "cosine", "step", "polynomial", "constant"})});
  keys.add("max_lr", &o.max_lr, "Peak learning rate.", {above(0)});
  keys.add(
      "lr_batch", &o.lr_batch,
      "The global batch that max_lr and min_lr are meant for: they are scaled in proportion to "
      "global_batch; 0: taken as they are.",
      {at_least(0), unit("images")});
  keys.add("pct_start", &o.pct_start,
           "onecycle, triangular: share of the run that the rate climbs.",
           {above(0), in_range(0, 1)});
  keys.add("div_factor", &o.div_factor,
           "onecycle, triangular: the first rate is max_lr divided by this.", {above(0)});
  keys.add("final_div_factor", &o.final_div_factor,
           "onecycle, triangular: the last rate is the first divided by this.", {above(0)});
  keys.add("cycle_momentum", &o.cycle_momentum,
           "onecycle, triangular: momentum goes 0.95, 0.85, 0.95 against the rate, in place of "
           "momentum.");
  keys.add("warmup_epochs", &o.warmup_epochs,
           "The others: a straight line up to max_lr at the start.", {at_least(0), unit("epochs")});
  keys.add("warmup_factor", &o.warmup_factor, "Where that line begins, as a share of max_lr.",
           {in_range(0, 1)});
  keys.add("min_lr", &o.min_lr, "cosine: the rate that it falls to.", {at_least(0)});
  keys.add("milestones", &o.milestones, "step: epochs at which the rate falls.");
  keys.add("gamma", &o.gamma, "step: what the rate is multiplied with there.",
           {above(0), in_range(0, 1)});
  keys.add("power", &o.power, "polynomial: 1 is a straight line down.", {above(0)});
}

void declare_machine(Declarations& keys, TrainOptions& o) {
  keys.group("machine");
  keys.add("device", &o.device, "Where to compute; auto: a GPU per local rank where there are any.",
           {one_of({"cpu", "cuda", "auto"})});
  keys.add("precision", &o.precision, "Of the forward pass; weights, gradients and sums are fp32.",
           {one_of({"fp32", "tf32", "bf16", "fp16"})});
  keys.add("torch_gradients", &o.torch_gradients,
           "fp32 on a CPU: LibTorch's kernels for every gradient, to compare with PyTorch to the "
           "last bits; without, ours where its own are slow (small maps).");
  keys.add("non_finite", &o.non_finite,
           "A loss or gradients that are not finite: stop, or skip the step; either way its rank, "
           "samples and first bad layer are named and the batch is kept.",
           {one_of({"stop", "skip"})});
  keys.add("non_finite_budget", &o.non_finite_budget,
           "non_finite = skip: stop after more than so many such steps in the run.",
           {at_least(0), unit("steps")});
  keys.add("threads", &o.threads,
           "Threads of a rank's operators; 0: the machine's cores shared among its ranks.",
           {in_range(0, 1024)});
  keys.add("eval_batch", &o.eval_batch, "Images of one forward pass of the evaluation.",
           {at_least(1), unit("images")});
  keys.add(
      "algorithm", &o.algorithm,
      "Allreduce of the gradients: ring, hierarchical, mpi or nccl; auto: by size, as measured "
      "before the first step.");
  keys.add("allreduce_table", &o.allreduce_table,
           "auto: take the choices from this file (a run's allreduce_table.json); empty: the run's "
           "own, else the one measured on such machines before, else measure.");
  keys.add("wire", &o.wire,
           "What gradients travel as between hosts and between GPUs: fp16 and bf16 halve the bytes "
           "and keep 11 or 8 bits of every sum; they are added in fp32. Ranks that share memory "
           "send nothing.",
           {one_of(comm::wire_names())});
  keys.add(
      "bucket_bytes", &o.bucket_bytes,
      "Gradients that travel together; 0: what the table of algorithm = auto speaks for, and 16 "
      "MiB where there is none.",
      {zero_or_at_least(1024), unit("bytes")});
  keys.add("first_bucket_bytes", &o.first_bucket_bytes,
           "The first bucket: small, so that the ring starts early.",
           {at_least(1024), unit("bytes")});
  keys.add("stage", &o.stage,
           "Folder on each node's own disk to which its ranks' shards are copied before they are "
           "read; good copies are used again. Empty: read the data set where it lies.");
  keys.add("stage_deadline_s", &o.stage_deadline_s, "Longest wait for that copying.",
           {above(0), unit("seconds")});
  keys.add("step_deadline_s", &o.step_deadline_s, "Longest wait for another rank within a step.",
           {above(0), unit("seconds")});
}

void declare_stopping(Declarations& keys, TrainOptions& o) {
  keys.group("stopping");
  keys.add(
      "spot_notices", &o.spot_notices,
      "Ask EC2 for spot interruption and rebalance notices; auto: where firmware says that this "
      "is an EC2 instance.",
      {one_of({"auto", "on", "off"})});
  keys.add("imds_endpoint", &o.imds_endpoint, "EC2's instance metadata service.");
  keys.add("spot_poll_s", &o.spot_poll_s, "Between two questions for notices.",
           {at_least(0.01), unit("seconds")});
  keys.add(
      "stop_margin_s", &o.stop_margin_s,
      "Save and leave so long before the allocation's time limit (SLURM_JOB_END_TIME), but use "
      "half of what it has at least; it must hold a step and a save.",
      {at_least(0), unit("seconds")});
}

void declare_records(Declarations& keys, TrainOptions& o) {
  keys.group("records");
  keys.add("log_steps", &o.log_steps, "A row of log.jsonl and a progress line every so many steps.",
           {at_least(1), unit("steps")});
  keys.add("checkpoint_steps", &o.checkpoint_steps,
           "Save every so many steps beside the end of every epoch; 0: not for that reason.",
           {at_least(0), unit("steps")});
  keys.add("checkpoint_minutes", &o.checkpoint_minutes,
           "Save when the last save is so long ago; 0: not for that reason.",
           {at_least(0), unit("minutes")});
  keys.add("keep_epochs", &o.keep_epochs, "How many model_NNN.pt to keep, the newest; 0: all.",
           {at_least(0)});
  keys.add("keep_every", &o.keep_every,
           "Keep model_NNN.pt of every so many epochs beside them; 0: none.", {at_least(0)});
  keys.add("save_wait_s", &o.save_wait_s,
           "Longest that the training waits at an epoch's end for the save before to be written "
           "(never more than half of step_deadline_s); within an epoch it never waits.",
           {at_least(0), unit("seconds")});
  keys.add("save_failures", &o.save_failures,
           "So many failed saves in a row end the run with exit code 4; 0: none do.",
           {at_least(0)});
  keys.add("save_retry_s", &o.save_retry_s, "After a failed save, until the next is tried.",
           {at_least(0), unit("seconds")});
  keys.add("log_samples", &o.log_samples,
           "Write the samples of each step to ranks/rankNNN.samples, to show their order.");
  keys.add("trace_steps", &o.trace_steps,
           "Draw the first so many steps of this start into trace.json, for ui.perfetto.dev.",
           {in_range(0, 1000), unit("steps")});
  keys.add("checksum_steps", &o.checksum_steps,
           "Compare weights, statistics and momentum of all ranks every so many steps; 0: never.",
           {at_least(0), unit("steps")});
}

}  // namespace

void declare_options(config::Declarations& declarations, TrainOptions& options) {
  declare_model(declarations, options);
  declare_data(declarations, options);
  declare_recipe(declarations, options);
  declare_rates(declarations, options);
  declare_machine(declarations, options);
  declare_stopping(declarations, options);
  declare_records(declarations, options);
}

}  // namespace ringmaster::train
