#include "base/file.h"

#include "base/check.h"

namespace ringmaster {

std::string read_text(FileSystem& files, const std::string& path, std::uint64_t limit_bytes) {
  const auto file = files.open(path);
  RM_REQUIRE(file->size_bytes() <= limit_bytes, ErrorKind::kBadData, path, " has ",
             file->size_bytes(), " bytes, more than the ", limit_bytes,
             " that such a file may have");
  std::string text(file->size_bytes(), '\0');
  file->read_at(0, std::as_writable_bytes(std::span(text)));
  return text;
}

void write_atomically(FileSystem& files, const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  try {
    const auto file = files.create(temporary);
    file->append(std::as_bytes(std::span(text)));
    file->sync();
    file->close();
    files.rename(temporary, path);
  } catch (const Error&) {
    try {
      if (files.exists(temporary)) files.remove(temporary);
    } catch (const Error&) {
      // The first error is the one to report; a leftover .tmp is never read.
    }
    throw;
  }
  files.sync_dir(parent_path(path));
}

std::string join_path(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

std::string parent_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace ringmaster
