#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "app/commands.h"
#include "app/exit_record.h"
#include "app/ranks.h"
#include "base/error.h"
#include "base/file.h"
#include "base/heap.h"
#include "base/version.h"

namespace {

// Without the destructors of the libraries' statics (LibTorch's take a while): MPI has ended, so
// nobody would notice that a rank is stopped there, and its launcher would wait for it for ever.
[[noreturn]] void leave(int code) {
  std::cout << std::flush;
  std::cerr << std::flush;
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace ringmaster;
  tune_heap();
  config::Program program{
      "ringmaster",
      "trains ResNets from packed shards, on one machine or many",
      version(),
      {app::train_command(), app::eval_command(), app::checkpoint_list_command(),
       app::checkpoint_verify_command(), app::checkpoint_diff_command(),
       app::checkpoint_import_command(), app::checkpoint_export_command(),
       app::bench_checkpoint_command(), app::bench_allreduce_command(), app::bench_loader_command(),
       app::bench_train_command(), app::explain_hang_command(), app::lr_find_command(),
       app::plan_command(), app::plot_command(), app::preflight_command(),
       app::scale_report_command()}};
  try {
    const auto files = posix_file_system();
    const config::Invocation invocation =
        config::parse_command(program, {argv + 1, argv + argc}, *files);
    if (invocation.command != nullptr) leave(invocation.command->run(invocation.command->keys));
    if (app::speaks_for_all()) std::cout << invocation.text;
    return kExitDone;
  } catch (const std::exception& problem) {
    // Errors of a running world end in run_on_ranks(); what arrives here is the same on every rank.
    const config::Failure failure = config::describe_failure(program, problem);
    if (app::speaks_for_all()) std::cerr << failure.line << '\n';
    return app::record_exit_code(failure.exit_code);
  }
}
