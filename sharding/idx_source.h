// The MNIST family: images and labels in IDX files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// Whether `folder` has train-images-idx3-ubyte or train-images-idx3-ubyte.gz.
[[nodiscard]] bool is_idx_source(FileSystem& files, const std::string& folder);

// train-{images-idx3,labels-idx1}-ubyte[.gz] make the split "train", t10k-..., where they exist,
// "val". The pixels are held in memory (47 MB for Fashion-MNIST). Classes are `class_names`; where
// that is empty, the names of Fashion-MNIST when its labels are recognised, else the digits.
// Error{kBadData} naming the file for one that is damaged, for images and labels of different
// counts, and for a label without a name.
[[nodiscard]] std::unique_ptr<Source> open_idx_source(FileSystem& files, const std::string& folder,
                                                      const std::vector<std::string>& class_names);

}  // namespace ringmaster::sharding
