#include "sharding/source_options.h"

#include "sharding/open_source.h"

namespace ringmaster::sharding {

void declare_source(config::Declarations& keys, SourceArguments& a) {
  keys.group("source");
  keys.add("input", &a.input,
           "Folder with ImageNet's archives as they were downloaded, with Kaggle's ILSVRC/, with "
           "train/CLASS/... and val/CLASS/... (JPEG, PNG), or with IDX files (MNIST's format, also "
           ".gz).");
  keys.add("train", &a.train,
           "ImageNet's training images, where they don't lie in --input: ILSVRC2012_img_train.tar, "
           "or a folder train/ of class folders.");
  keys.add("val", &a.val,
           "Its validation images: ILSVRC2012_img_val.tar, or a folder with all of them.");
  keys.add("devkit", &a.devkit,
           "Its development kit, ILSVRC2012_devkit_t12.tar.gz: labels of the validation images.");
  keys.add("class_names", &a.class_names, "File with one class name a line, for IDX files.");
}

std::unique_ptr<Source> open_source(FileSystem& files, const SourceArguments& a) {
  SourcePaths paths{.input = a.input, .train = a.train, .val = a.val, .devkit = a.devkit};
  if (!a.class_names.empty()) paths.class_names = read_class_names(files, a.class_names);
  return open_source(files, paths);
}

}  // namespace ringmaster::sharding
