#include <algorithm>

#include "base/check.h"
#include "shard/hdf5_file.h"
#include "shard/hdf5_handle.h"

namespace ringmaster::shard {
namespace {

// Everything that is neither images nor tables fits in here, so it comes first in the file.
constexpr hsize_t kMetadataBytes = 8 << 10;
// Links beyond eight would go into a heap and a tree of their own.
constexpr unsigned kMaxLinks = 32;

class Frame {
 public:
  Frame(const std::string& path, const ShardIdentity& identity)
      : context_{path, ErrorKind::kIo}, file_(context_, create(), H5Fclose, "can't be created") {
    add_text("data_set", identity.data_set);
    add_text("split", identity.split);
  }

  // A data set of `count` elements; `stored` is their type in the file. Without `data` it gets room
  // and no content.
  [[nodiscard]] Place add(const char* name, hid_t stored, hid_t in_memory, std::uint64_t count,
                          const void* data) {
    const hsize_t length = count;
    const Hdf5Handle space(context_, H5Screate_simple(1, &length, nullptr), H5Sclose, name);
    const Hdf5Handle options(context_, H5Pcreate(H5P_DATASET_CREATE), H5Pclose, name);
    // Times would make the bytes differ from run to run.
    context_.check(H5Pset_obj_track_times(options, false), name);
    context_.check(H5Pset_layout(options, H5D_CONTIGUOUS), name);
    context_.check(H5Pset_alloc_time(options, H5D_ALLOC_TIME_EARLY), name);
    context_.check(H5Pset_fill_time(options, H5D_FILL_TIME_NEVER), name);
    const Hdf5Handle set(context_,
                         H5Dcreate2(file_, name, stored, space, H5P_DEFAULT, options, H5P_DEFAULT),
                         H5Dclose, name);
    if (count == 0) return {};
    if (data != nullptr)
      context_.check(H5Dwrite(set, in_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), name);
    const haddr_t at = H5Dget_offset(set);
    if (at == HADDR_UNDEF) context_.fail(join_text(name, " got no place"));
    return {at, count * H5Tget_size(stored)};
  }
  void add_numbers(const char* name, const std::vector<std::uint64_t>& values) {
    (void)add(name, H5T_STD_U64LE, H5T_NATIVE_UINT64, values.size(), values.data());
  }
  void add_numbers(const char* name, const std::vector<std::uint32_t>& values) {
    (void)add(name, H5T_STD_U32LE, H5T_NATIVE_UINT32, values.size(), values.data());
  }
  void add_numbers(const char* name, const std::vector<std::uint8_t>& values) {
    (void)add(name, H5T_STD_U8LE, H5T_NATIVE_UINT8, values.size(), values.data());
  }
  // Texts of one length, filled up with zeros.
  void add_texts(const char* name, const std::vector<std::string>& texts) {
    std::size_t longest = 1;
    for (const std::string& text : texts) longest = std::max(longest, text.size());
    std::string bytes(longest * texts.size(), '\0');
    for (std::size_t i = 0; i < texts.size(); ++i) {
      RM_REQUIRE(texts[i].find('\0') == std::string::npos, ErrorKind::kInvalidArgument,
                 context_.path, ": a name with a zero byte can't be stored");
      std::copy(texts[i].begin(), texts[i].end(),
                bytes.begin() + static_cast<std::ptrdiff_t>(i * longest));
    }
    const Hdf5Handle type(context_, text_type(longest), H5Tclose, name);
    (void)add(name, type, type, texts.size(), bytes.data());
  }

 private:
  hid_t create() const {
    const Hdf5Handle layout(context_, H5Pcreate(H5P_FILE_CREATE), H5Pclose, "no properties");
    const Hdf5Handle access(context_, H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "no properties");
    context_.check(H5Pset_userblock(layout, kUserBlockBytes), "user block");
    context_.check(H5Pset_obj_track_times(layout, false), "times");
    context_.check(H5Pset_link_phase_change(layout, kMaxLinks, kMaxLinks / 2), "links");
    // One version of everything, whichever library writes.
    context_.check(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), "version");
    context_.check(H5Pset_meta_block_size(access, kMetadataBytes), "metadata block");
    // Network file systems often have no locks; our names are unique to the writer.
    context_.check(H5Pset_file_locking(access, false, true), "locking");
    return H5Fcreate(context_.path.c_str(), H5F_ACC_TRUNC, layout, access);
  }
  static hid_t text_type(std::size_t bytes) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
  }
  void add_text(const char* name, const std::string& text) {
    const Hdf5Handle type(context_, text_type(text.size()), H5Tclose, name);
    const Hdf5Handle space(context_, H5Screate(H5S_SCALAR), H5Sclose, name);
    const Hdf5Handle attribute(
        context_, H5Acreate2(file_, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
    context_.check(H5Awrite(attribute, type, text.data()), name);
  }

  const Hdf5Context context_;
  const Hdf5Handle file_;
};

}  // namespace

Place write_hdf5_frame(const std::string& path, const ShardIdentity& identity,
                       const Hdf5Tables& tables, std::uint64_t images_bytes) {
  const Hdf5Lock lock;
  Frame frame(path, identity);
  frame.add_numbers("offsets", tables.offsets);
  frame.add_numbers("labels", tables.labels);
  frame.add_numbers("widths", tables.widths);
  frame.add_numbers("heights", tables.heights);
  frame.add_numbers("codecs", tables.codecs);
  frame.add_numbers("channels", tables.channels);
  frame.add_numbers("hashes", tables.hashes);
  frame.add_texts("names", tables.names);
  frame.add_texts("classes", tables.classes);
  return frame.add("images", H5T_STD_U8LE, H5T_NATIVE_UINT8, images_bytes, nullptr);
}

}  // namespace ringmaster::shard
