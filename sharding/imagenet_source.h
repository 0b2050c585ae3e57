// ImageNet as it is downloaded: image-net.org's archives, Kaggle's folders, or a mix that is named.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// Each may be empty but for `train`.
struct ImagenetPaths {
  std::string train;   // ILSVRC2012_img_train.tar, or a folder of class folders called train
  std::string val;     // ILSVRC2012_img_val.tar, or a folder with the images side by side
  std::string devkit;  // ILSVRC2012_devkit_t12.tar.gz: labels of `val`, and words
};

// The archives under their official names in `folder`; what is not there stays empty.
[[nodiscard]] ImagenetPaths find_imagenet_archives(FileSystem& files, const std::string& folder);

// Error{kInvalidArgument} for validation images without development kit; else as the parts' own
// errors.
[[nodiscard]] std::unique_ptr<Source> open_imagenet(FileSystem& files, const ImagenetPaths& paths);

// Whether `folder` or `folder`/ILSVRC has Data/CLS-LOC/train.
[[nodiscard]] bool is_kaggle_source(FileSystem& files, const std::string& folder);

// Data/CLS-LOC/{train,val}; the labels of val are in LOC_val_solution.csv in `folder` or beside
// ILSVRC, else in Annotations/CLS-LOC/val; the words in LOC_synset_mapping.txt where it is there.
// Error{kBadData} where there are no labels.
[[nodiscard]] std::unique_ptr<Source> open_kaggle_source(FileSystem& files,
                                                         const std::string& folder);

}  // namespace ringmaster::sharding
