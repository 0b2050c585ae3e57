#include "tests/fuzz/targets.h"

#include "base/error.h"

namespace ringmaster::fuzz {

std::vector<Target> targets() {
  return {{"record_shard", read_record_shard},
          {"hdf5_user_block", read_hdf5_user_block},
          {"hdf5_tables", read_hdf5_tables},
          {"manifest", read_manifest},
          {"audit", read_audit},
          {"audit_notes", read_audit_notes},
          {"tar", read_tar},
          {"gzip", read_gzip},
          {"idx", read_idx},
          {"devkit", read_devkit},
          {"meta_mat", read_meta_mat},
          {"kaggle", read_kaggle},
          {"jpeg", read_jpeg},
          {"jpeg_rows", read_jpeg_rows},
          {"png", read_png}};
}

void run(const Target& target, Input input) {
  try {
    target.read(input);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadData) throw;
  }
}

FileSystem& real_files() {
  static const std::unique_ptr<FileSystem> kFiles = posix_file_system();
  return *kFiles;
}

}  // namespace ringmaster::fuzz
