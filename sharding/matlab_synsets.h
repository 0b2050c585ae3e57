// ImageNet's classes, from the development kit's meta.mat (MATLAB's format 5, read by libmatio).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace ringmaster::sharding {

// A row of the struct array `synsets`. The ILSVRC2012_ID is what the ground truth counts in.
struct Synset {
  int id = 0;         // ILSVRC2012_ID, from 1; the leaves have 1 .. 1000
  std::string wnid;   // "n01440764"
  std::string words;  // "tench, Tinca tinca"
  int children = 0;   // 0: a leaf, one of the classes
};

// `name` stands for the file in messages. Error{kBadData} where it is no such file.
[[nodiscard]] std::vector<Synset> read_synsets(std::span<const std::byte> meta_mat,
                                               const std::string& name);

}  // namespace ringmaster::sharding
