// training_log.md and training_log.json. Small files: written anew from the whole history at the
// start and after every epoch, by rename, so that they are right after any resume.
#pragma once

#include <utility>

#include "base/file.h"
#include "obs/sink.h"

namespace ringmaster::obs {

class MarkdownSink final : public Sink {
 public:
  MarkdownSink(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  std::string name() const override { return path_; }
  void on_begin(const History& history) override;
  void on_epoch(const EpochReport& report, const History& history) override;

 private:
  FileSystem& files_;
  std::string path_;
};

class JsonListSink final : public Sink {
 public:
  JsonListSink(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  std::string name() const override { return path_; }
  void on_begin(const History& history) override;
  void on_epoch(const EpochReport& report, const History& history) override;

 private:
  FileSystem& files_;
  std::string path_;
};

}  // namespace ringmaster::obs
