#include "obs/table_sinks.h"

#include "obs/table.h"

namespace ringmaster::obs {

void MarkdownSink::on_begin(const History& history) {
  write_atomically(files_, path_, markdown_table(history));
}

void MarkdownSink::on_epoch(const EpochReport& /*report*/, const History& history) {
  write_atomically(files_, path_, markdown_table(history));
}

void JsonListSink::on_begin(const History& history) {
  write_atomically(files_, path_, json_list(history));
}

void JsonListSink::on_epoch(const EpochReport& /*report*/, const History& history) {
  write_atomically(files_, path_, json_list(history));
}

}  // namespace ringmaster::obs
