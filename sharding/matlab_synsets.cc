#include "sharding/matlab_synsets.h"

#include <cerrno>
#include <limits>
#include <memory>

#include <matio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "sharding/matlab_elements.h"

namespace ringmaster::sharding {
namespace {

// libmatio reads files by name only: this is a file without a place on disk.
class UnnamedFile {
 public:
  explicit UnnamedFile(std::span<const std::byte> bytes)
      : descriptor_(::memfd_create("meta.mat", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw io_error("memfd_create", errno);
    while (!bytes.empty()) {
      const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
      if (n < 0) {
        const int code = errno;
        ::close(descriptor_);
        throw io_error("write to memory for meta.mat", code);
      }
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }
  ~UnnamedFile() { ::close(descriptor_); }
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;
  [[nodiscard]] std::string path() const { return join_text("/proc/self/fd/", descriptor_); }

 private:
  int descriptor_;
};

struct Closer {
  void operator()(mat_t* file) const { Mat_Close(file); }
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};

class Synsets {
 public:
  Synsets(matvar_t* array, const std::string& name) : array_(array), name_(name) {}

  [[nodiscard]] Synset row(std::size_t index) const {
    return {.id = number(index, "ILSVRC2012_ID"),
            .wnid = text(index, "WNID"),
            .words = text(index, "words"),
            .children = number(index, "num_children")};
  }

 private:
  [[nodiscard]] const matvar_t* field(std::size_t index, const char* key) const {
    const matvar_t* found = Mat_VarGetStructFieldByName(array_, key, index);
    RM_REQUIRE(found != nullptr, ErrorKind::kBadData, name_, ": synsets(", index + 1,
               ") has no field ", key);
    return found;
  }

  [[nodiscard]] int number(std::size_t index, const char* key) const {
    const matvar_t* found = field(index, key);
    RM_REQUIRE(found->data != nullptr && found->nbytes > 0, ErrorKind::kBadData, name_,
               ": synsets(", index + 1, ").", key, " is empty");
    switch (found->class_type) {
      case MAT_C_DOUBLE:
        return whole(*static_cast<const double*>(found->data), index, key);
      case MAT_C_INT64:
        return whole(*static_cast<const std::int64_t*>(found->data), index, key);
      case MAT_C_INT32:
        return *static_cast<const std::int32_t*>(found->data);
      case MAT_C_UINT16:
        return *static_cast<const std::uint16_t*>(found->data);
      case MAT_C_INT16:
        return *static_cast<const std::int16_t*>(found->data);
      case MAT_C_UINT8:
        return *static_cast<const std::uint8_t*>(found->data);
      default:
        throw Error(ErrorKind::kBadData,
                    join_text(name_, ": synsets(", index + 1, ").", key, " is no number"));
    }
  }

  template <typename T>
  [[nodiscard]] int whole(T value, std::size_t index, const char* key) const {
    RM_REQUIRE(value >= 0 && value <= std::numeric_limits<int>::max(), ErrorKind::kBadData, name_,
               ": synsets(", index + 1, ").", key, " is ", value);
    return static_cast<int>(value);
  }

  // WordNet's ids and words are ASCII, stored in one or two bytes a letter.
  [[nodiscard]] std::string text(std::size_t index, const char* key) const {
    const matvar_t* found = field(index, key);
    RM_REQUIRE(found->class_type == MAT_C_CHAR && (found->data != nullptr || found->nbytes == 0),
               ErrorKind::kBadData, name_, ": synsets(", index + 1, ").", key, " is no text");
    if (found->data_size != 2) {
      return {static_cast<const char*>(found->data), found->nbytes};
    }
    std::string text;
    for (std::size_t i = 0; i < found->nbytes / 2; ++i)
      text += static_cast<char>(static_cast<const std::uint16_t*>(found->data)[i]);
    return text;
  }

  matvar_t* array_;
  const std::string& name_;
};

}  // namespace

std::vector<Synset> read_synsets(std::span<const std::byte> meta_mat, const std::string& name) {
  const UnnamedFile file(checked_matlab_file(meta_mat, "synsets", name));
  const std::unique_ptr<mat_t, Closer> mat(Mat_Open(file.path().c_str(), MAT_ACC_RDONLY));
  RM_REQUIRE(mat != nullptr, ErrorKind::kBadData, name, " is no MATLAB file");
  const std::unique_ptr<matvar_t, Closer> array(Mat_VarRead(mat.get(), "synsets"));
  RM_REQUIRE(array != nullptr && array->class_type == MAT_C_STRUCT, ErrorKind::kBadData, name,
             " has no struct array `synsets`: it is damaged, or not ImageNet's meta.mat");
  std::size_t rows = 1;
  for (int d = 0; d < array->rank; ++d) rows *= array->dims[d];
  const unsigned fields = Mat_VarGetNumberOfFields(array.get());
  char* const* const names = Mat_VarGetStructFieldnames(array.get());
  for (unsigned i = 0; i < fields; ++i) {
    RM_REQUIRE(names != nullptr && names[i] != nullptr, ErrorKind::kBadData, name,
               " is damaged: synsets has fields without names");
  }
  // libmatio follows what the dimensions promise.
  const std::size_t row_bytes = fields * sizeof(matvar_t*);
  RM_REQUIRE(
      rows == 0 || (array->data != nullptr && row_bytes > 0 && array->nbytes / row_bytes >= rows),
      ErrorKind::kBadData, name, " is damaged: synsets has less than its ", rows, " rows");
  std::vector<Synset> synsets;
  const Synsets reader(array.get(), name);
  for (std::size_t i = 0; i < rows; ++i) synsets.push_back(reader.row(i));
  return synsets;
}

}  // namespace ringmaster::sharding
