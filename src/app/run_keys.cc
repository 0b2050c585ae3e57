#include "app/run_keys.h"

namespace ringmaster::app {

void declare_run_keys(config::Declarations& keys, train::RunRequest& request,
                      std::string& config_file) {
  keys.group("run");
  keys.add("config", &config_file, "Recipe: a file of key = value lines.", {config::config_file()});
  keys.add("data", &request.data_folder, "Packed data set.",
           {config::required(), config::unrecorded()});
  keys.add("run", &request.run_folder, "Folder of the run: logs, plots, checkpoints.",
           {config::required(), config::unrecorded()});
}

}  // namespace ringmaster::app
