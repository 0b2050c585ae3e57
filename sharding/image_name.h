// Which names of a source are images.
#pragma once

#include <string>

namespace ringmaster::sharding {

// .jpg, .jpeg and .png, whatever the case of the letters. torchvision's ImageFolder takes these and
// formats that Ringmaster does not decode.
[[nodiscard]] bool is_image_name(const std::string& name);

// "a/b/c.jpg" -> "c.jpg"
[[nodiscard]] std::string file_name_of(const std::string& path);

// "ILSVRC2012_val_00000001.JPEG" -> "ILSVRC2012_val_00000001"
[[nodiscard]] std::string stem_of(const std::string& file_name);

}  // namespace ringmaster::sharding
