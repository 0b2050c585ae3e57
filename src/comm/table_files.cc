#include "comm/table_files.h"

#include <cstdlib>
#include <optional>

#include "base/check.h"
#include "base/hash.h"

namespace ringmaster::comm {
namespace {

// Rank 0's side: looks through the files.
class Shelf {
 public:
  Shelf(FileSystem& files, const TableFiles& paths, const TableRequest& request)
      : files_(files), paths_(paths), shape_(request.shape), machine_(request.machine) {}

  std::optional<FoundTable> find() {
    if (!paths_.pinned.empty()) return pinned();
    if (auto found = of_the_run()) return found;
    return cached();
  }

  void keep(const FoundTable& found, bool is_new) {
    if (!paths_.run.empty()) write_atomically(files_, paths_.run, found.table.to_json());
    if (!is_new || paths_.cache.empty()) return;
    try {
      files_.make_dirs(paths_.cache);
      write_atomically(files_, cache_file(), found.table.to_json());
    } catch (const Error& error) {
      note_ += join_text("; not kept for other runs: ", error.what());
    }
  }

  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  [[nodiscard]] AllreduceTable read(const std::string& path) const {
    return AllreduceTable::from_json(read_text(files_, path), path);
  }

  FoundTable pinned() const {
    FoundTable found{read(paths_.pinned), "read from " + paths_.pinned};
    RM_REQUIRE(found.table.shape == shape_, ErrorKind::kInvalidArgument, paths_.pinned,
               " was measured with ranks placed as ", found.table.shape, ", and these are ", shape_,
               " (host*ranks): choose another file, or none to have one measured");
    return found;
  }

  std::optional<FoundTable> of_the_run() {
    if (paths_.run.empty() || !files_.exists(paths_.run)) return std::nullopt;
    AllreduceTable table = read(paths_.run);
    if (table.shape == shape_) return FoundTable{std::move(table), "the run's own"};
    note_ += join_text("; the run's own is of other ranks: ", table.shape);
    return std::nullopt;
  }

  std::optional<FoundTable> cached() {
    if (paths_.cache.empty()) return std::nullopt;
    try {
      if (!files_.exists(cache_file())) return std::nullopt;
      AllreduceTable table = read(cache_file());
      if (table.shape == shape_ && table.machine == machine_)
        return FoundTable{std::move(table), "read from " + cache_file()};
    } catch (const Error& error) {
      note_ += join_text("; ", error.what());
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string cache_file() const {
    return join_path(paths_.cache, hex64(xxh3_64(shape_ + '\n' + machine_)) + ".json");
  }

  FileSystem& files_;
  const TableFiles& paths_;
  const std::string shape_, machine_;
  std::string note_;
};

// Origin and table as one text, and back.
std::string pack(const FoundTable& found) {
  return found.origin + '\n' + found.table.to_json();
}
FoundTable unpack(const std::string& text) {
  const std::size_t end = text.find('\n');
  RM_CHECK(end != std::string::npos);
  return {AllreduceTable::from_json(text.substr(end + 1), "rank 0's table"), text.substr(0, end)};
}

}  // namespace

std::string default_table_cache() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return join_path(cache, "ringmaster/allreduce");
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return join_path(home, ".cache/ringmaster/allreduce");
  return "";
}

FoundTable find_table(ControlPlane& control, FileSystem& files, const TableFiles& paths,
                      const TableRequest& request, Deadline deadline) {
  Shelf shelf(files, paths, request);
  const bool keeps = control.world().rank == 0;
  std::optional<FoundTable> found;
  if (keeps) found = shelf.find();
  const std::string read = control.broadcast(found ? pack(*found) : "", 0, deadline);
  const bool is_new = read.empty();
  found = is_new ? FoundTable{request.measure(), "measured"} : unpack(read);
  if (keeps) {
    shelf.keep(*found, is_new);
    found->origin += shelf.note();
  }
  return *found;
}

}  // namespace ringmaster::comm
