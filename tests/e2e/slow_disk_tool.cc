// A real run of one rank and two epochs, whose disk stands still in the first save until the
// training has gone on into the second epoch, or a minute has passed.
//   slow_disk_tool DATA RUN
#include <chrono>
#include <string>
#include <thread>

#include "comm/thread_control.h"
#include "obs/run_dir.h"
#include "stop/stop_flag.h"
#include "tests/support/pass_through_file_system.h"
#include "train/run.h"

namespace ringmaster {
namespace {

class StandingDisk final : public testing::PassThroughFileSystem {
 public:
  StandingDisk(FileSystem& real, std::string log)
      : PassThroughFileSystem(real), log_(std::move(log)) {}

  std::unique_ptr<WritableFile> create(const std::string& path) override {
    if (path.find("checkpoint.pt.tmp") != std::string::npos) stand_still();
    return real_.create(path);
  }

 private:
  void stand_still() {
    for (int i = 0; i < 600 && read_text(real_, log_).find(kSecondEpoch) == std::string::npos; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }

  static constexpr const char* kSecondEpoch = "\"epoch\":2,";
  const std::string log_;
};

train::RunRequest request_of(const std::string& data, const std::string& run) {
  train::RunRequest request;
  request.data_folder = data;
  request.run_folder = run;
  train::TrainOptions& options = request.options;
  options.model = "resnet18";
  options.image_size = options.eval_resize = 16;
  options.crop = "none";
  options.device = "cpu";
  options.spot_notices = "off";
  options.threads = options.log_steps = options.checkpoint_steps = 1;
  options.epochs = 2;
  options.global_batch = 20;
  options.save_wait_s = 0.2;
  options.save_retry_s = 0;
  return request;
}

int run(const std::string& data, const std::string& folder) {
  stop::StopFlag stop;
  const auto files = posix_file_system();
  StandingDisk disk(*files, obs::RunDir(folder).log());
  const auto control = comm::make_single_control();
  return train::run_training(request_of(data, folder), {*control, nullptr, disk, stop});
}

}  // namespace
}  // namespace ringmaster

int main(int argc, char** argv) {
  return argc == 3 ? ringmaster::run(argv[1], argv[2]) : 2;
}
