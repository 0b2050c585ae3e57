// Whether a run may go on from a checkpoint: what must be as it was.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ckpt/snapshot.h"

namespace ringmaster::train {

struct RunIdentity {
  std::string config;        // the resolved configuration, as config.cfg holds it
  std::string dataset_hash;  // shard::Dataset::hash()
};

// What a snapshot records of it, with the versions of what wrote it: Snapshot::texts.
[[nodiscard]] std::map<std::string, std::string> identity_texts(const RunIdentity& identity);

// Error{kInvalidArgument} with a line a difference where `snapshot`, read from `path`, is of a run
// with another configuration (but for keys that change neither a sample nor a weight), another data
// set ("data") or another generator of random numbers ("random"), unless the difference's name is
// in `allowed`; and for a name in `allowed` that is none. Returns the differences that were
// allowed, as "max_lr: 0.1 -> 0.2".
[[nodiscard]] std::vector<std::string> require_same_run(const ckpt::Snapshot& snapshot,
                                                        const std::string& path,
                                                        const RunIdentity& identity,
                                                        const std::vector<std::string>& allowed);

}  // namespace ringmaster::train
