#include "shard/hdf5_writer.h"

#include <algorithm>

#include "base/check.h"
#include "shard/shard_format.h"

namespace ringmaster::shard {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

std::string payload_path(const std::string& path) {
  return path + ".payload.tmp";
}
std::string frame_path(const std::string& path) {
  return path + ".frame.tmp";
}
std::string temporary_path(const std::string& path) {
  return path + ".tmp";
}

}  // namespace

Hdf5Writer::Hdf5Writer(FileSystem& files, std::string path, const ShardIdentity& identity,
                       const std::vector<std::string>& classes)
    : files_(files), path_(std::move(path)), identity_(identity) {
  tables_.classes = classes;
  tables_.offsets.push_back(0);
  payload_ = files_.create(payload_path(path_));
  buffer_.reserve(kBufferBytes);
}

Hdf5Writer::~Hdf5Writer() {
  payload_.reset();
  for (const std::string& name : {payload_path(path_), frame_path(path_), temporary_path(path_)}) {
    try {
      if (files_.exists(name)) files_.remove(name);
    } catch (const Error&) {
      // A file under its temporary name is never read; the next pack replaces it.
    }
  }
}

void Hdf5Writer::add(const RecordInfo& info, const std::string& name,
                     std::span<const std::byte> payload) {
  RM_CHECK(!payload.empty() && payload.size() <= kMaxPayloadBytes, name);
  if (buffer_.size() + payload.size() > kBufferBytes) {
    payload_->append(buffer_);
    buffer_.clear();
  }
  if (payload.size() >= kBufferBytes) {
    payload_->append(payload);
  } else {
    buffer_.insert(buffer_.end(), payload.begin(), payload.end());
  }
  tables_.offsets.push_back(tables_.offsets.back() + payload.size());
  tables_.labels.push_back(info.label);
  tables_.widths.push_back(info.width);
  tables_.heights.push_back(info.height);
  tables_.codecs.push_back(static_cast<std::uint8_t>(info.codec));
  tables_.channels.push_back(static_cast<std::uint8_t>(info.channels));
  tables_.hashes.push_back(xxh3_64(payload));
  tables_.names.push_back(name);
}

void Hdf5Writer::copy(const ReadableFile& source, std::uint64_t from, std::uint64_t to,
                      WritableFile& out, Hasher& hasher) {
  std::vector<std::byte> buffer(kBufferBytes);
  while (from < to) {
    const auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), to - from));
    source.read_at(from, part);
    hasher.update(part);
    out.append(part);
    from += part.size();
  }
}

ShardSummary Hdf5Writer::finish() {
  payload_->append(buffer_);
  payload_->close();
  const std::uint64_t images_bytes = tables_.offsets.back();
  const Place images = write_hdf5_frame(frame_path(path_), identity_, tables_, images_bytes);
  const auto frame = files_.open(frame_path(path_));
  const std::uint64_t file_bytes = frame->size_bytes();
  RM_CHECK_LE(images.end_bytes(), file_bytes, path_);
  RM_REQUIRE(file_bytes - images_bytes <= kMaxTablesBytes, ErrorKind::kInvalidArgument, path_,
             " would have tables of ", file_bytes - images_bytes, " bytes: ask for more shards");
  const UserBlock block = encode_user_block({identity_, tables_.labels.size(), file_bytes, images,
                                             hash_rest(*frame, images, file_bytes)});
  const auto payload = files_.open(payload_path(path_));
  const auto out = files_.create(temporary_path(path_));
  Hasher hasher;
  hasher.update(block);
  out->append(block);
  copy(*frame, kUserBlockBytes, std::max<std::uint64_t>(images.offset_bytes, kUserBlockBytes), *out,
       hasher);
  copy(*payload, 0, images_bytes, *out, hasher);
  copy(*frame, std::max<std::uint64_t>(images.end_bytes(), kUserBlockBytes), file_bytes, *out,
       hasher);
  out->sync();
  out->close();
  files_.remove(payload_path(path_));
  files_.remove(frame_path(path_));
  files_.rename(temporary_path(path_), path_);
  files_.sync_dir(parent_path(path_));
  return {tables_.labels.size(), file_bytes, hasher.hex128(), hex64(stored_hash(block))};
}

}  // namespace ringmaster::shard
