// What is fuzzed: every reader of bytes that come from outside. A target gives its reader any bytes
// at all; the reader may take them or throw Error{kBadData}, and nothing else.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace ringmaster::fuzz {

using Input = std::span<const std::byte>;

struct Target {
  std::string_view name;  // also of its folder in corpus/
  void (*read)(Input input);
};

// Bytes that one allocation may have for an input of up to kMaxInputBytes.
inline constexpr std::size_t kMaxInputBytes = 8192;
inline constexpr std::size_t kMaxAllocationBytes = std::size_t{96} << 20;

[[nodiscard]] std::vector<Target> targets();
// Runs the target. Lets everything through that is not Error{kBadData}: a finding.
void run(const Target& target, Input input);
[[nodiscard]] FileSystem& real_files();

// tests/fuzz/shard_targets.cc
void read_record_shard(Input input);
void read_hdf5_user_block(Input input);
void read_hdf5_tables(Input input);
void read_manifest(Input input);
void read_audit(Input input);
void read_audit_notes(Input input);
// tests/fuzz/source_targets.cc
void read_tar(Input input);
void read_gzip(Input input);
void read_idx(Input input);
void read_devkit(Input input);
void read_meta_mat(Input input);
void read_kaggle(Input input);
// tests/fuzz/image_targets.cc
void read_jpeg(Input input);
void read_jpeg_rows(Input input);
void read_png(Input input);

}  // namespace ringmaster::fuzz
