#include "base/check.h"
#include "shard/hdf5_file.h"
#include "shard/hdf5_handle.h"

namespace ringmaster::shard {
namespace {

// One data set of a file, checked for what we can read.
class Column {
 public:
  Column(const Hdf5Context& context, hid_t file, const char* name, H5T_class_t type,
         std::uint64_t table_bytes)
      : context_(context),
        name_(name),
        set_(context, H5Dopen2(file, name, H5P_DEFAULT), H5Dclose,
             join_text("the data set ", name, " is missing")),
        type_(context, H5Dget_type(set_), H5Tclose, name) {
    const Hdf5Handle space(context, H5Dget_space(set_), H5Sclose, name);
    require(H5Sget_simple_extent_ndims(space) == 1, "does not have one dimension");
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    require(count >= 0, "has no length");
    count_ = static_cast<std::uint64_t>(count);
    element_bytes_ = H5Tget_size(type_);
    require(H5Tget_class(type_) == type && element_bytes_ > 0, "is of another type");
    check_layout();
    require(count_ <= table_bytes / element_bytes_, "is longer than the file");
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t element_bytes() const { return element_bytes_; }

  [[nodiscard]] Place place() const {
    if (count_ == 0) return {};
    const haddr_t at = H5Dget_offset(set_);
    require(at != HADDR_UNDEF, "has no place in the file");
    return {at, count_ * element_bytes_};
  }
  template <typename T>
  [[nodiscard]] std::vector<T> numbers(std::uint64_t want, hid_t in_memory) const {
    require(count_ == want, join_text("has ", count_, " elements, not ", want));
    require(element_bytes_ == sizeof(T) && H5Tget_sign(type_) == H5T_SGN_NONE,
            "is of another type");
    std::vector<T> values(count_);
    if (count_ == 0) return values;
    context_.check(H5Dread(set_, in_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), name_);
    return values;
  }

 private:
  void require(bool good, const std::string& what) const {
    RM_REQUIRE(good, context_.kind, context_.path, ": the data set ", name_, " ", what);
  }
  void check_layout() const {
    const Hdf5Handle options(context_, H5Dget_create_plist(set_), H5Pclose, name_);
    require(H5Pget_nfilters(options) == 0,
            "is compressed or filtered. Reading it would have to go through the HDF5 library, one "
            "record at a time for all threads; write it without filters, or pack again");
    require(H5Pget_layout(options) == H5D_CONTIGUOUS && H5Pget_external_count(options) == 0,
            "is chunked, external or virtual. It must be contiguous: records are read at their "
            "place in this file by many threads at once");
  }

  const Hdf5Context& context_;
  const std::string name_;
  const Hdf5Handle set_, type_;
  std::uint64_t count_ = 0, element_bytes_ = 0;
};

hid_t open_file(const Hdf5Context& context) {
  const Hdf5Handle access(context, H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "no properties");
  context.check(H5Pset_file_locking(access, false, true), "locking");
  return H5Fopen(context.path.c_str(), H5F_ACC_RDONLY, access);
}

}  // namespace

Hdf5Content read_hdf5(const std::string& path, std::uint64_t records, std::uint64_t table_bytes) {
  const Hdf5Lock lock;
  const Hdf5Context context{path, ErrorKind::kBadData};
  const Hdf5Handle file(context, open_file(context), H5Fclose, "is no HDF5 file");
  const auto column = [&](const char* name) {
    return Column(context, file, name, H5T_INTEGER, table_bytes);
  };
  Hdf5Content content;
  Hdf5Tables& tables = content.tables;
  tables.offsets = column("offsets").numbers<std::uint64_t>(records + 1, H5T_NATIVE_UINT64);
  tables.labels = column("labels").numbers<std::uint32_t>(records, H5T_NATIVE_UINT32);
  tables.widths = column("widths").numbers<std::uint32_t>(records, H5T_NATIVE_UINT32);
  tables.heights = column("heights").numbers<std::uint32_t>(records, H5T_NATIVE_UINT32);
  tables.codecs = column("codecs").numbers<std::uint8_t>(records, H5T_NATIVE_UINT8);
  tables.channels = column("channels").numbers<std::uint8_t>(records, H5T_NATIVE_UINT8);
  tables.hashes = column("hashes").numbers<std::uint64_t>(records, H5T_NATIVE_UINT64);
  const Column names(context, file, "names", H5T_STRING, table_bytes);
  RM_REQUIRE(names.count() == records, ErrorKind::kBadData, path, ": the data set names has ",
             names.count(), " elements, not ", records);
  content.names = names.place();
  content.name_bytes = names.element_bytes();
  const Column images(context, file, "images", H5T_INTEGER, ~std::uint64_t{0});
  RM_REQUIRE(images.element_bytes() == 1, ErrorKind::kBadData, path,
             ": the data set images is not of bytes");
  content.images = images.place();
  return content;
}

}  // namespace ringmaster::shard
