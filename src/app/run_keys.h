// The keys that say on what and where a command trains.
#pragma once

#include <string>

#include "config/declarations.h"
#include "train/run.h"

namespace ringmaster::app {

// --config, --data, --run. The targets must outlive `keys`.
void declare_run_keys(config::Declarations& keys, train::RunRequest& request,
                      std::string& config_file);

}  // namespace ringmaster::app
