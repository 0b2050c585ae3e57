// Opens an HDF5 shard without a manifest and says what it holds: for files that other programs
// wrote.
#include <iostream>

#include "base/error.h"
#include "shard/container.h"

int main(int, char** argv) {
  using namespace ringmaster;
  try {
    const auto files = posix_file_system();
    const auto shard = shard::open_shard_file(*files, shard::Container::kHdf5, argv[1]);
    std::cout << shard->records() << " records:";
    shard::Record record;
    for (std::uint64_t i = 0; i < shard->records(); ++i) {
      shard->read(i, record);
      std::cout << ' ' << shard->name(i);
    }
    std::cout << '\n';
    return kExitDone;
  } catch (const Error& error) {
    std::cout << error.what() << '\n';
    return exit_code(error.kind());
  }
}
