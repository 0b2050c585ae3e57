// Every key of a training run, declared once.
#pragma once

#include <cstdint>
#include <string>

#include "config/declarations.h"
#include "train/augmentation.h"

namespace ringmaster::train {

// Plain values with their defaults; what they mean and cost stands in declare_options(), which
// makes the help text of it.
struct TrainOptions {
  // model
  std::string model = "resnet50";
  bool small_input = false;
  bool zero_init_residual = false;
  std::string blur_pool = "off";
  double stochastic_depth = 0;
  bool freeze_batch_norm = false;
  std::string init;
  // data
  std::int64_t image_size = 224;
  std::int64_t eval_resize = -1;
  std::string crop = "random_resized";
  double min_scale = 0.08;
  bool flip = true;
  Augmentation augmentation;
  std::int64_t workers = 0;
  std::string order = "global";
  std::int64_t order_window = 16384;
  std::string on_bad_record = "stop";
  std::int64_t bad_record_budget = 100;
  // optimisation
  std::int64_t global_batch = 256;
  std::int64_t micro_batch = 0;
  std::int64_t eval_batch = 64;
  std::int64_t epochs = 90;
  std::int64_t seed = 0;
  std::string optimizer = "sgd";
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 1e-4;
  bool decay_norm_and_bias = true;
  double trust_coefficient = 0.001;
  double label_smoothing = 0.1;
  std::string schedule = "onecycle";
  double max_lr = 0.1;
  std::int64_t lr_batch = 0;
  double warmup_epochs = 0;
  double warmup_factor = 0;
  double min_lr = 0;
  std::string milestones = "30,60,80";
  double gamma = 0.1;
  double power = 2;
  double pct_start = 0.3;
  double div_factor = 25;
  double final_div_factor = 1e4;
  bool cycle_momentum = false;
  double clip_norm = 0;
  double ema_decay = 0;
  bool ema_warmup = true;
  // machine
  std::string precision = "fp32";
  bool torch_gradients = false;
  std::string non_finite = "stop";
  std::int64_t non_finite_budget = 10;
  std::string device = "auto";
  std::int64_t threads = 0;
  std::string algorithm = "auto";
  std::string allreduce_table;
  std::string wire = "fp32";
  std::int64_t bucket_bytes = 0;
  std::int64_t first_bucket_bytes = 1 << 20;
  std::string stage;
  double stage_deadline_s = 3600;
  double step_deadline_s = 600;
  // stopping
  std::string spot_notices = "auto";
  std::string imds_endpoint = "http://169.254.169.254";
  double spot_poll_s = 5;
  double stop_margin_s = 120;
  // records
  std::int64_t log_steps = 10;
  std::int64_t checkpoint_steps = 500;
  double checkpoint_minutes = 10;
  std::int64_t keep_epochs = 0;
  std::int64_t keep_every = 0;
  double save_wait_s = 30;
  std::int64_t save_failures = 10;
  double save_retry_s = 60;
  bool log_samples = false;
  std::int64_t trace_steps = 0;
  std::int64_t checksum_steps = 0;
};

// Declares every key of `options` with help and checks. `options` must outlive `declarations`.
void declare_options(config::Declarations& declarations, TrainOptions& options);

}  // namespace ringmaster::train
