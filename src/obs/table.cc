#include "obs/table.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "obs/text.h"

namespace ringmaster::obs {
namespace {

constexpr std::size_t kColumns = 7;
using Row = std::array<std::string, kColumns>;

Row to_row(const EpochReport& epoch) {
  return {std::to_string(epoch.epoch), fixed(epoch.train_loss, 4), fixed(epoch.val_loss, 4),
          fixed(epoch.val_top1, 2),    fixed(epoch.val_top5, 2),   fixed(epoch.lr, 6),
          fixed(epoch.seconds, 1)};
}

std::string to_line(const Row& row, const std::array<std::size_t, kColumns>& widths) {
  std::string line = "|";
  for (std::size_t i = 0; i < kColumns; ++i) line += " " + right_aligned(row[i], widths[i]) + " |";
  return line + "\n";
}

}  // namespace

std::string markdown_table(const History& history) {
  std::vector<Row> rows = {
      {"Epoch", "Train Loss", "Val Loss", "Top1 (%)", "Top5 (%)", "LR", "Epoch Time (s)"}};
  for (const EpochReport& epoch : history.epochs) rows.push_back(to_row(epoch));
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text = to_line(rows.front(), widths) + "|";
  for (const std::size_t width : widths) text += std::string(width + 1, '-') + ":|";
  text += "\n";
  for (std::size_t i = 1; i < rows.size(); ++i) text += to_line(rows[i], widths);
  return text;
}

std::string json_list(const History& history) {
  auto list = nlohmann::ordered_json::array();
  for (const EpochReport& epoch : history.epochs) {
    list.push_back({{"epoch", epoch.epoch},
                    {"train_loss", epoch.train_loss},
                    {"train_accuracy", epoch.train_top1},
                    {"train_accuracy_top5", epoch.train_top5},
                    {"test_loss", epoch.val_loss},
                    {"test_accuracy", epoch.val_top1},
                    {"test_accuracy_top5", epoch.val_top5},
                    {"learning_rate", epoch.lr},
                    {"epoch_time", epoch.seconds}});
  }
  return list.dump(2) + "\n";
}

}  // namespace ringmaster::obs
