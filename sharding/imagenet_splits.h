// ImageNet's training and validation images, from where they lie.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "sharding/listed_source.h"
#include "sharding/val_labels.h"

namespace ringmaster::sharding {

// The official ILSVRC2012_img_train.tar, a tar of one tar a class (n01440764.tar), listed in place.
// Sets `classes` to the class tars' names, sorted. Error{kBadData} naming archive and byte.
[[nodiscard]] ListedSplit list_train_tar(FileSystem& files, const std::string& path,
                                         std::vector<std::string>& classes);

// The official ILSVRC2012_img_val.tar, or a folder that holds its images side by side. The items
// are named as if they lay in class folders (val/n01751748/ILSVRC2012_val_00000001.JPEG) and come
// in that order. `shown` stands for a folder in Source::locate(). Error{kBadData} naming the image
// that has no label, the label that has no image, and a class that is not among `classes`.
[[nodiscard]] ListedSplit list_val_tar(FileSystem& files, const std::string& path,
                                       const std::vector<std::string>& classes,
                                       const ValLabels& labels);
[[nodiscard]] ListedSplit list_val_folder(FileSystem& files, const std::string& path,
                                          const std::string& shown,
                                          const std::vector<std::string>& classes,
                                          const ValLabels& labels);

}  // namespace ringmaster::sharding
