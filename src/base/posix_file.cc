#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"

namespace ringmaster {
namespace {

class Descriptor {
 public:
  Descriptor(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  void close() {
    const int fd = fd_;
    fd_ = -1;
    if (::close(fd) != 0) throw io_error("close " + path_, errno);
  }

 private:
  int fd_;
  std::string path_;
};

int open_or_throw(const std::string& path, int flags, const char* verb) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) throw io_error(std::string(verb) + " " + path, errno);
  return fd;
}

class PosixWritableFile final : public WritableFile {
 public:
  explicit PosixWritableFile(int fd, std::string path) : file_(fd, std::move(path)) {}

  void append(std::span<const std::byte> data) override {
    while (!data.empty()) {
      const ssize_t n = ::write(file_.fd(), data.data(), data.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw io_error("write to " + file_.path(), errno);
      data = data.subspan(static_cast<std::size_t>(n));
      written_bytes_ += n;
    }
    begin_writing_back();
  }
  void sync() override {
    if (::fsync(file_.fd()) != 0) throw io_error("fsync " + file_.path(), errno);
  }
  void close() override { file_.close(); }

 private:
  // Has the system write to the disk while more is appended, so that sync() has little left to wait
  // for. A hint: what it can't do, sync() does.
  void begin_writing_back() {
    constexpr off_t kStepBytes = 8 << 20;
    if (written_bytes_ - hinted_bytes_ < kStepBytes) return;
    ::sync_file_range(file_.fd(), hinted_bytes_, written_bytes_ - hinted_bytes_,
                      SYNC_FILE_RANGE_WRITE);
    hinted_bytes_ = written_bytes_;
  }

  Descriptor file_;
  off_t written_bytes_ = 0, hinted_bytes_ = 0;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(int fd, std::string path) : file_(fd, std::move(path)) {
    struct stat info {};
    if (::fstat(file_.fd(), &info) != 0) throw io_error("stat " + file_.path(), errno);
    RM_REQUIRE(S_ISREG(info.st_mode), ErrorKind::kIo, "open ", file_.path(),
               ": not a regular file");
    size_bytes_ = static_cast<std::uint64_t>(info.st_size);
  }

  std::uint64_t size_bytes() const override { return size_bytes_; }

  void read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    while (!out.empty()) {
      const ssize_t n =
          ::pread(file_.fd(), out.data(), out.size(), static_cast<off_t>(offset_bytes));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw io_error("read " + file_.path(), errno);
      RM_REQUIRE(n > 0, ErrorKind::kBadData, file_.path(), " ends at byte ", offset_bytes, ", ",
                 out.size(), " bytes short: it is truncated");
      offset_bytes += static_cast<std::uint64_t>(n);
      out = out.subspan(static_cast<std::size_t>(n));
    }
  }

 private:
  Descriptor file_;
  std::uint64_t size_bytes_ = 0;
};

class PosixFileSystem final : public FileSystem {
 public:
  std::unique_ptr<WritableFile> create(const std::string& path) override {
    return std::make_unique<PosixWritableFile>(
        open_or_throw(path, O_WRONLY | O_CREAT | O_TRUNC, "create"), path);
  }
  std::unique_ptr<WritableFile> open_append(const std::string& path) override {
    return std::make_unique<PosixWritableFile>(
        open_or_throw(path, O_WRONLY | O_CREAT | O_APPEND, "open"), path);
  }
  std::unique_ptr<ReadableFile> open(const std::string& path) override {
    return std::make_unique<PosixReadableFile>(open_or_throw(path, O_RDONLY, "open"), path);
  }
  void rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      throw io_error("rename " + from + " to " + to, errno);
  }
  bool link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return true;
    // link(2): EPERM is a file system without hard links, EMLINK one that has no more of them.
    for (const int none : {EPERM, EOPNOTSUPP, ENOSYS, EMLINK, EXDEV}) {
      if (errno == none) return false;
    }
    throw io_error("link " + from + " to " + to, errno);
  }
  void remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) throw io_error("remove " + path, errno);
  }
  void truncate(const std::string& path, std::uint64_t size_bytes) override {
    if (::truncate(path.c_str(), static_cast<off_t>(size_bytes)) != 0)
      throw io_error("truncate " + path, errno);
  }
  void make_dirs(const std::string& path) override {
    std::error_code code;
    std::filesystem::create_directories(path, code);
    if (code) throw io_error("make folder " + path, code.value());
  }
  void sync_dir(const std::string& path) override {
    const Descriptor folder(open_or_throw(path, O_RDONLY | O_DIRECTORY, "open folder"), path);
    if (::fsync(folder.fd()) != 0) throw io_error("fsync folder " + path, errno);
  }
  bool exists(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw io_error("stat " + path, errno);
  }
  bool is_dir(const std::string& path) override {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  }
  std::vector<std::string> list(const std::string& path) override {
    std::vector<std::string> names;
    std::error_code code;
    for (std::filesystem::directory_iterator at(path, code), end; !code && at != end;
         at.increment(code)) {
      names.push_back(at->path().filename().string());
    }
    if (code) throw io_error("list folder " + path, code.value());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::uint64_t size_bytes(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) throw io_error("stat " + path, errno);
    return static_cast<std::uint64_t>(info.st_size);
  }
  std::uint64_t free_bytes(const std::string& path) override {
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0) throw io_error("statvfs " + path, errno);
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  }
};

}  // namespace

std::unique_ptr<FileSystem> posix_file_system() {
  return std::make_unique<PosixFileSystem>();
}

}  // namespace ringmaster
