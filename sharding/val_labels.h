// Which class each of ImageNet's validation images has: they lie side by side, and the labels
// elsewhere.
#pragma once

#include <map>
#include <string>

#include "base/file.h"

namespace ringmaster::sharding {

struct ValLabels {
  std::string origin;                        // where they come from, for messages
  std::map<std::string, std::string> wnids;  // "ILSVRC2012_val_00000001" -> "n01751748"
};

// By WordNet id: "n01440764" -> "tench, Tinca tinca".
using ClassWords = std::map<std::string, std::string>;

struct Devkit {
  ValLabels labels;
  ClassWords words;
};

// ILSVRC2012_devkit_t12.tar.gz (or .tar): data/ILSVRC2012_validation_ground_truth.txt has an
// ILSVRC2012_ID a line, from ILSVRC2012_val_00000001 on, and data/meta.mat says which synset that
// is. That id is not the label in torchvision's order, the one that models are trained with: labels
// follow the sorted WordNet ids. Error{kBadData} naming file, member and line.
[[nodiscard]] Devkit read_devkit(FileSystem& files, const std::string& path);

// Kaggle's LOC_val_solution.csv: "ImageId,PredictionString" and lines
// "ILSVRC2012_val_00048981,n03995372 85 1 499 272 …".
[[nodiscard]] ValLabels read_solution_csv(FileSystem& files, const std::string& path);

// A folder of PASCAL VOC annotations, Annotations/CLS-LOC/val/ILSVRC2012_val_00000001.xml: the
// class is annotation/object/name. Error{kBadData} naming the file for one without, and with
// several classes.
[[nodiscard]] ValLabels read_annotations(FileSystem& files, const std::string& folder);

// Kaggle's LOC_synset_mapping.txt: "n01440764 tench, Tinca tinca" a line.
[[nodiscard]] ClassWords read_synset_mapping(FileSystem& files, const std::string& path);

}  // namespace ringmaster::sharding
