// The sub-commands of `ringmaster`: each parses its keys, builds, runs, and returns an exit code.
#pragma once

#include "config/command_line.h"

namespace ringmaster::app {

[[nodiscard]] config::Command train_command();
[[nodiscard]] config::Command eval_command();
[[nodiscard]] config::Command checkpoint_list_command();
[[nodiscard]] config::Command checkpoint_verify_command();
[[nodiscard]] config::Command checkpoint_diff_command();
[[nodiscard]] config::Command checkpoint_import_command();
[[nodiscard]] config::Command checkpoint_export_command();
[[nodiscard]] config::Command bench_checkpoint_command();
[[nodiscard]] config::Command bench_allreduce_command();
[[nodiscard]] config::Command bench_loader_command();
[[nodiscard]] config::Command bench_train_command();
[[nodiscard]] config::Command explain_hang_command();
[[nodiscard]] config::Command lr_find_command();
[[nodiscard]] config::Command plan_command();
[[nodiscard]] config::Command plot_command();
[[nodiscard]] config::Command preflight_command();
[[nodiscard]] config::Command scale_report_command();

}  // namespace ringmaster::app
