// Makes the checksums in an input fit, so that a fuzzer, which can't guess a hash, gets past them
// to what they protect. Bytes that are too damaged to have a checksum stay as they are.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "tests/fuzz/targets.h"

namespace ringmaster::fuzz {

using Bytes = std::vector<std::byte>;

void reseal_record_shard(Bytes& bytes);
void reseal_hdf5(Bytes& bytes);
// Of every block that says ustar.
void reseal_tar(Bytes& bytes);
// The CRC of every chunk.
void reseal_png(Bytes& bytes);
// The JSON `text` with its hash and checksum as the writer would have them; empty where it is no
// manifest that could be written.
[[nodiscard]] std::string resealed_manifest(Input text);

}  // namespace ringmaster::fuzz
