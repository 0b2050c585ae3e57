// Weights in Hugging Face's safetensors format (github.com/huggingface/safetensors, README,
// "Format"), which holds tensors alone and nothing that could be run:
//
//   | u64 little-endian: N | N bytes of JSON, padded with blanks | the tensors' bytes |
//
// The JSON is {"name": {"dtype": "F32", "shape": [64, 3], "data_offsets": [begin, end]}, ...},
// offsets counted from the end of the JSON, elements row-major and little-endian; "__metadata__"
// may hold texts. The tensors' bytes lie one after the other without gaps and fill the file.
#pragma once

#include <string>

#include "base/file.h"
#include "ckpt/tensor_archive.h"

namespace ringmaster::ckpt {

// Made for files from anywhere: memory is bounded by the file's size, and by 4 MiB for the header,
// whatever that says. The tensors are on the CPU, in the order of the header, which is a JSON
// object's (by name). Error{kBadData} naming `path` and the tensor for everything that the format
// forbids: a header that ends outside the file or is no such JSON, a name twice, a size that does
// not fit shape and type, tensors that overlap, leave a gap or do not fill the file.
// Error{kNotSupported} for an element type that no model here has. Metadata is passed over.
[[nodiscard]] NamedTensors read_safetensors(FileSystem& files, const std::string& path);

// Appends the file's bytes to `file`: those that the Python package safetensors writes for the same
// tensors, without metadata (largest alignment first, then by name). The caller syncs and closes.
// Tensors may be on any device and views of anything. Error{kInvalidArgument} for a name twice;
// errors of `file`: then it holds a part.
void write_safetensors(const NamedTensors& tensors, WritableFile& file);

}  // namespace ringmaster::ckpt
