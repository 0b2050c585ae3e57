#include "ckpt/weights_file.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

#include "base/check.h"
#include "ckpt/safetensors.h"
#include "ckpt/snapshot.h"

namespace ringmaster::ckpt {
namespace {

constexpr std::array kWrappers = {std::string_view("module."), std::string_view("_orig_mod."),
                                  std::string_view("model.")};

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() &&
         std::string_view(text).substr(text.size() - end.size()) == end;
}

enum class Content { kZip, kOldTorch, kSafetensors, kOther };

// By four bytes that as a safetensors header's length would be more than any has: a zip archive's,
// or those of the magic number's pickle with which torch.save began before PyTorch 1.6.
Content content_of(FileSystem& files, const std::string& path) {
  constexpr std::size_t kHeaderBegin = 8;
  const auto file = files.open(path);
  std::string start(kHeaderBegin + 1, '\0');
  if (file->size_bytes() < start.size()) return Content::kOther;
  file->read_at(0, std::as_writable_bytes(std::span(start)));
  if (start.substr(0, 4) == "PK\x03\x04") return Content::kZip;
  if (start.substr(0, 4) == "\x80\x02\x8a\x0a") return Content::kOldTorch;
  return start[kHeaderBegin] == '{' || ends_with(path, ".safetensors") ? Content::kSafetensors
                                                                       : Content::kOther;
}

bool all_begin_with(const NamedTensors& tensors, std::string_view prefix) {
  return !tensors.empty() && std::all_of(tensors.begin(), tensors.end(), [&](const auto& entry) {
    return std::string_view(entry.first).substr(0, prefix.size()) == prefix;
  });
}

NamedTensors without_wrappers(NamedTensors tensors) {
  for (auto wrapper = kWrappers.begin(); wrapper != kWrappers.end();) {
    if (!all_begin_with(tensors, *wrapper)) {
      ++wrapper;
      continue;
    }
    for (auto& entry : tensors) entry.first.erase(0, wrapper->size());
    wrapper = kWrappers.begin();
  }
  return tensors;
}

// `write` fills a temporary file, which then gets the name.
void commit(FileSystem& files, const std::string& path,
            const std::function<void(WritableFile&)>& write) {
  RM_REQUIRE(!files.exists(path), ErrorKind::kInvalidArgument, path,
             " exists already: remove it, or take another name");
  const std::string temporary = path + ".tmp";
  try {
    const auto file = files.create(temporary);
    write(*file);
    file->sync();
    file->close();
    files.rename(temporary, path);
  } catch (const Error&) {
    if (files.exists(temporary)) files.remove(temporary);
    throw;
  }
  files.sync_dir(parent_path(path));
}

NamedTensors row_major(const NamedTensors& tensors) {
  NamedTensors copies;
  for (const auto& [name, tensor] : tensors)
    copies.emplace_back(name, tensor.detach().cpu().contiguous());
  return copies;
}

}  // namespace

WeightsFormat weights_format_of(const std::string& path) {
  if (ends_with(path, ".safetensors")) return WeightsFormat::kSafetensors;
  for (const char* ending : {".pt", ".pth", ".bin"}) {
    if (ends_with(path, ending)) return WeightsFormat::kTorch;
  }
  throw Error(ErrorKind::kInvalidArgument,
              path +
                  " does not say its format: name it .safetensors, or .pt, .pth or .bin for "
                  "torch.save's");
}

NamedTensors read_weights_file(FileSystem& files, const std::string& path) {
  const Content content = content_of(files, path);
  RM_REQUIRE(content != Content::kOldTorch, ErrorKind::kNotSupported, path,
             " is in the form that torch.save had before PyTorch 1.6: save it again with "
             "torch.save(torch.load(path), path) in a later one");
  return without_wrappers(content == Content::kSafetensors ? read_safetensors(files, path)
                                                           : read_weights(files, path));
}

void write_weights_file(FileSystem& files, const std::string& path, const NamedTensors& tensors,
                        WeightsFormat format) {
  commit(files, path, [&](WritableFile& file) {
    if (format == WeightsFormat::kSafetensors) {
      write_safetensors(tensors, file);
    } else {
      (void)write_tensors(row_major(tensors), file);
    }
  });
}

void write_weights_checkpoint(FileSystem& files, const std::string& path,
                              const NamedTensors& tensors, const std::string& source) {
  Snapshot snapshot;
  snapshot.model = tensors;
  snapshot.texts = {{"imported_from", source}};
  commit(files, path, [&](WritableFile& file) { (void)write_snapshot(snapshot, file); });
}

}  // namespace ringmaster::ckpt
