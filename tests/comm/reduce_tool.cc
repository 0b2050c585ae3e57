// reduce_tool RANKS_PER_HOST DEADLINE_S: reduces until something breaks, which it says as the
// program does, with each so many ranks on a host of their own. For tests that break something.
#include <cstdlib>
#include <iostream>

#include "base/error.h"
#include "comm/make_engine.h"

int main(int argc, char** argv) {
  using namespace ringmaster;
  if (argc != 3) return 2;
  comm::MpiSession session({std::atoi(argv[1])});
  comm::ControlPlane& control = session.control();
  comm::EngineOptions options;
  options.capacity_elems = 1 << 22;
  options.algorithm = "ring";
  options.step_deadline_s = std::atof(argv[2]);
  try {
    const auto engine = make_engine(control, &session, options);
    for (int step = 0;; ++step) {
      engine->start({0, 0, options.capacity_elems, 0.25}, nullptr);
      engine->finish(nullptr, Deadline::after(std::chrono::minutes(1)));
      if (step == 2 && control.world().rank == 0) std::cerr << "at work" << std::endl;
    }
  } catch (const Error& error) {
    std::cerr << control.world().name(control.world().rank) << ": " << error.what() << std::endl;
    control.abort(exit_code(error.kind()));
  }
}
