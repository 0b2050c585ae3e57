#include "ckpt/bench_checkpoint.h"

#include <tuple>

#include <ATen/core/grad_mode.h>

#include "ckpt/async_saver.h"

namespace ringmaster::ckpt {
namespace {

void touch(const Snapshot& snapshot) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : snapshot.model) at::Tensor(tensor).add_(1);
  for (const at::Tensor& buffer : snapshot.optimizer.momentum_buffers) at::Tensor(buffer).add_(1);
}

}  // namespace

CheckpointBenchResult bench_checkpoint(FileSystem& files, const std::string& folder,
                                       const Snapshot& snapshot, int saves, int copy_threads) {
  Store store(files, folder);
  store.prepare();
  AsyncSaver saver(store, copy_threads);
  saver.reserve(max_file_bytes(snapshot));
  std::ignore = saver.flush();
  CheckpointBenchResult result;
  for (int i = 0; i < saves; ++i) {
    touch(snapshot);
    const SubmitResult submitted = saver.submit(snapshot, {});
    result.wait_s.push_back(submitted.wait_s + submitted.copy_s);
    for (const SaveReport& report : saver.flush()) {
      if (report.error) throw Error(*report.error);
      result.write_s.push_back(report.write_s);
      result.file_bytes = report.result.file_bytes;
    }
  }
  return result;
}

}  // namespace ringmaster::ckpt
