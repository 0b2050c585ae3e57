#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "sharding/gzip_reader.h"
#include "sharding/idx_file.h"
#include "sharding/matlab_synsets.h"
#include "sharding/memory_file.h"
#include "sharding/tar_index.h"
#include "sharding/val_labels.h"
#include "tests/fuzz/reseal.h"
#include "tests/fuzz/targets.h"
#include "tests/support/memory_file_system.h"

namespace ringmaster::fuzz {
namespace {

Bytes resealed_tar(Input input) {
  Bytes bytes(input.begin(), input.end());
  reseal_tar(bytes);
  return bytes;
}

}  // namespace

void read_tar(Input input) {
  const sharding::MemoryFile file(resealed_tar(input), "train.tar");
  for (const sharding::TarMember& member :
       sharding::list_tar(file, {"train.tar", 0, input.size()})) {
    Bytes content(member.size_bytes);
    file.read_at(member.offset_bytes, content);
  }
}

void read_gzip(Input input) {
  testing::MemoryFileSystem files(real_files(), "/in/file.gz", input);
  (void)sharding::read_maybe_gzip(files, "/in/file.gz", 1 << 20);
}

void read_idx(Input input) {
  testing::MemoryFileSystem files(real_files(), "/in/images", input);
  for (const std::size_t dimensions : {1, 3}) {
    try {
      (void)sharding::read_idx(files, "/in/images", dimensions).elements();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadData) throw;
    }
  }
}

void read_devkit(Input input) {
  const Bytes bytes = resealed_tar(input);
  testing::MemoryFileSystem files(real_files(), "/in/devkit.tar", bytes);
  (void)sharding::read_devkit(files, "/in/devkit.tar");
}

void read_meta_mat(Input input) {
  (void)sharding::read_synsets(input, "meta.mat");
}

// The first byte chooses the file.
void read_kaggle(Input input) {
  if (input.empty()) return;
  const int choice = std::to_integer<int>(input[0]) % 3;
  testing::MemoryFileSystem files(real_files(), "/in/ILSVRC2012_val_00000001.xml",
                                  input.subspan(1));
  if (choice == 0) (void)sharding::read_annotations(files, "/in");
  if (choice == 1) (void)sharding::read_solution_csv(files, "/in/ILSVRC2012_val_00000001.xml");
  if (choice == 2) (void)sharding::read_synset_mapping(files, "/in/ILSVRC2012_val_00000001.xml");
}

}  // namespace ringmaster::fuzz
