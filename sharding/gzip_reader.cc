#include "sharding/gzip_reader.h"

#include <algorithm>
#include <limits>

#include <zlib.h>

#include "base/check.h"

namespace ringmaster::sharding {
namespace {

constexpr std::size_t kChunkBytes = 256 << 10;
// zlib.h, inflateInit2(): the largest window; a zlib header, or with 16 more a gzip one.
enum class Wrapping : int { kZlib = 15, kGzip = 15 + 16 };

class Inflater {
 public:
  explicit Inflater(Wrapping wrapping) {
    RM_CHECK_EQ(::inflateInit2(&stream_, static_cast<int>(wrapping)), Z_OK);
  }
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

// Unpacks one chunk of input to the end of `out`. True where a stream ends with it; what is
// left of the input stays in the stream.
bool inflate_chunk(z_stream& stream, std::vector<std::byte>& out, std::uint64_t limit_bytes,
                   const std::string& path) {
  std::vector<std::byte> piece(kChunkBytes);
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int code = ::inflate(&stream, Z_NO_FLUSH);
    RM_REQUIRE(
        code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR, ErrorKind::kBadData, path,
        " is no sound gzip or zlib stream: ", stream.msg != nullptr ? stream.msg : "damaged");
    const std::size_t got = piece.size() - stream.avail_out;
    RM_REQUIRE(got <= limit_bytes - out.size(), ErrorKind::kBadData, path, " unpacks to more than ",
               limit_bytes, " bytes");
    out.insert(out.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
    if (code == Z_STREAM_END) return true;
    if (stream.avail_in == 0 && stream.avail_out != 0) return false;
  }
}

std::vector<std::byte> unpack(const ReadableFile& file, const std::string& path,
                              std::uint64_t limit_bytes) {
  Inflater inflater(Wrapping::kGzip);
  z_stream& stream = inflater.stream();
  std::vector<std::byte> in(kChunkBytes), out;
  bool ended = false;
  for (std::uint64_t at = 0; at < file.size_bytes();) {
    const auto chunk =
        std::span(in).first(std::min<std::uint64_t>(in.size(), file.size_bytes() - at));
    file.read_at(at, chunk);
    at += chunk.size();
    stream.next_in = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_in = static_cast<uInt>(chunk.size());
    while (stream.avail_in > 0) {
      if (ended) RM_CHECK_EQ(::inflateReset(&stream), Z_OK);  // gzip files may follow one another
      ended = inflate_chunk(stream, out, limit_bytes, path);
    }
  }
  RM_REQUIRE(ended, ErrorKind::kBadData, path, " is truncated: the gzip stream does not end");
  return out;
}

}  // namespace

std::vector<std::byte> read_maybe_gzip(FileSystem& files, const std::string& path,
                                       std::uint64_t limit_bytes) {
  const auto file = files.open(path);
  if (path.ends_with(".gz")) return unpack(*file, path, limit_bytes);
  RM_REQUIRE(file->size_bytes() <= limit_bytes, ErrorKind::kBadData, path, " has ",
             file->size_bytes(), " bytes, more than ", limit_bytes);
  std::vector<std::byte> out(file->size_bytes());
  file->read_at(0, out);
  return out;
}

std::vector<std::byte> unpack_zlib(std::span<const std::byte> packed, const std::string& name,
                                   std::uint64_t limit_bytes) {
  RM_REQUIRE(packed.size() <= std::numeric_limits<uInt>::max(), ErrorKind::kBadData, name, " has ",
             packed.size(), " packed bytes in one stream");
  Inflater inflater(Wrapping::kZlib);
  z_stream& stream = inflater.stream();
  std::vector<std::byte> in(packed.begin(), packed.end());  // zlib's type is not const
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  std::vector<std::byte> out;
  const bool ended = inflate_chunk(stream, out, limit_bytes, name);
  RM_REQUIRE(ended && stream.avail_in == 0, ErrorKind::kBadData, name,
             ended ? " has bytes behind the end of its zlib stream" : " ends within a zlib stream");
  return out;
}

}  // namespace ringmaster::sharding
