// Class folders, by the rules of torchvision's ImageFolder.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "sharding/source.h"

namespace ringmaster::sharding {

// Whether `folder` has a train/ folder, which makes it a source of this kind.
[[nodiscard]] bool is_folder_source(FileSystem& files, const std::string& folder);

// `folder`/train/<class>/**/<image> and, where it exists, `folder`/val/<class>/**/<image>. Classes
// are the folders of train/ in bytewise order; images are .jpg, .jpeg and .png files at any depth,
// whatever the case of the letters, folder by folder in bytewise order; other files are passed
// over. Hard and symbolic links are followed. `files` must outlive the source.
//
// Error{kBadData} where train/ has no class folder or a class has no image in it, and where val/
// has a class that train/ lacks.
[[nodiscard]] std::unique_ptr<Source> open_folder_source(FileSystem& files,
                                                         const std::string& folder);

}  // namespace ringmaster::sharding
