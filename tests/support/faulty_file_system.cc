#include "tests/support/faulty_file_system.h"

#include <cerrno>

#include "base/error.h"

namespace ringmaster::testing {

class FaultyFileSystem::File final : public WritableFile {
 public:
  File(FaultyFileSystem& owner, std::unique_ptr<WritableFile> real, std::string path,
       std::uint64_t size_bytes)
      : owner_(owner), real_(std::move(real)), path_(std::move(path)), size_bytes_(size_bytes) {}

  void append(std::span<const std::byte> data) override {
    try {
      owner_.count("write to", path_, Need::kSpace);
    } catch (const Error&) {
      if (owner_.tears()) real_->append(data.first(data.size() / 2));
      throw;
    }
    owner_.note_size(path_, synced_bytes_);
    real_->append(data);
    size_bytes_ += data.size();
  }
  void sync() override {
    owner_.count("fsync", path_, Need::kSpace);
    real_->sync();
    synced_bytes_ = size_bytes_;
    owner_.note_size(path_, synced_bytes_);
  }
  void close() override {
    owner_.count("close", path_, Need::kNothing);
    real_->close();
  }

 private:
  FaultyFileSystem& owner_;
  std::unique_ptr<WritableFile> real_;
  std::string path_;
  std::uint64_t size_bytes_;
  std::uint64_t synced_bytes_ = size_bytes_;
};

FaultyFileSystem::FaultyFileSystem(FileSystem& real) : real_(real) {}

void FaultyFileSystem::choose(Mode mode, std::int64_t k, int errno_value) {
  std::lock_guard lock(mutex_);
  mode_ = mode;
  at_ = k;
  errno_value_ = errno_value;
}
void FaultyFileSystem::fail_once(std::int64_t k, int errno_value) {
  choose(Mode::kOnce, k, errno_value);
}
void FaultyFileSystem::fail_from(std::int64_t k, int errno_value) {
  choose(Mode::kFrom, k, errno_value);
}
void FaultyFileSystem::fill_disk(std::int64_t k, int errno_value) {
  choose(Mode::kFull, k, errno_value);
}
void FaultyFileSystem::crash_at(std::int64_t k) {
  choose(Mode::kCrash, k, EIO);
}

std::int64_t FaultyFileSystem::calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}
bool FaultyFileSystem::broke() const {
  std::lock_guard lock(mutex_);
  return broke_;
}

bool FaultyFileSystem::tears() const {
  std::lock_guard lock(mutex_);
  return mode_ == Mode::kOnce || mode_ == Mode::kFull;
}

void FaultyFileSystem::count(const char* call, const std::string& path, Need need) {
  std::lock_guard lock(mutex_);
  const std::int64_t index = calls_++;
  const bool due = mode_ == Mode::kOnce ? index == at_ : mode_ != Mode::kNone && index >= at_;
  if (!due || (mode_ == Mode::kFull && need == Need::kNothing)) return;
  if (mode_ == Mode::kCrash && !broke_) lose_unsynced();
  broke_ = true;
  throw io_error(std::string(call) + " " + path, errno_value_);
}

void FaultyFileSystem::lose_unsynced() {
  for (const auto& [path, bytes] : synced_bytes_) {
    if (real_.exists(path)) real_.truncate(path, bytes);
  }
}

void FaultyFileSystem::note_size(const std::string& path, std::uint64_t synced_bytes) {
  std::lock_guard lock(mutex_);
  synced_bytes_[path] = synced_bytes;
}

std::unique_ptr<WritableFile> FaultyFileSystem::create(const std::string& path) {
  count("create", path, Need::kSpace);
  note_size(path, 0);
  return std::make_unique<File>(*this, real_.create(path), path, 0);
}

std::unique_ptr<WritableFile> FaultyFileSystem::open_append(const std::string& path) {
  count("open", path, Need::kSpace);
  auto file = real_.open_append(path);
  const std::uint64_t bytes = real_.size_bytes(path);
  return std::make_unique<File>(*this, std::move(file), path, bytes);
}

std::unique_ptr<ReadableFile> FaultyFileSystem::open(const std::string& path) {
  return real_.open(path);
}

void FaultyFileSystem::rename(const std::string& from, const std::string& to) {
  count("rename", from, Need::kNothing);
  real_.rename(from, to);
  std::lock_guard lock(mutex_);
  synced_bytes_.erase(to);
  if (const auto node = synced_bytes_.extract(from)) synced_bytes_[to] = node.mapped();
}

bool FaultyFileSystem::link(const std::string& from, const std::string& to) {
  count("link", from, Need::kSpace);
  if (!real_.link(from, to)) return false;
  std::lock_guard lock(mutex_);
  if (const auto known = synced_bytes_.find(from); known != synced_bytes_.end())
    synced_bytes_[to] = known->second;
  return true;
}

void FaultyFileSystem::remove(const std::string& path) {
  count("remove", path, Need::kNothing);
  real_.remove(path);
  std::lock_guard lock(mutex_);
  synced_bytes_.erase(path);
}

void FaultyFileSystem::truncate(const std::string& path, std::uint64_t size_bytes) {
  count("truncate", path, Need::kNothing);
  real_.truncate(path, size_bytes);
}

void FaultyFileSystem::make_dirs(const std::string& path) {
  count("make folder", path, Need::kSpace);
  real_.make_dirs(path);
}

void FaultyFileSystem::sync_dir(const std::string& path) {
  count("fsync folder", path, Need::kNothing);
  real_.sync_dir(path);
}

bool FaultyFileSystem::exists(const std::string& path) {
  return real_.exists(path);
}
bool FaultyFileSystem::is_dir(const std::string& path) {
  return real_.is_dir(path);
}
std::vector<std::string> FaultyFileSystem::list(const std::string& path) {
  return real_.list(path);
}
std::uint64_t FaultyFileSystem::size_bytes(const std::string& path) {
  return real_.size_bytes(path);
}
std::uint64_t FaultyFileSystem::free_bytes(const std::string& path) {
  return real_.free_bytes(path);
}

}  // namespace ringmaster::testing
