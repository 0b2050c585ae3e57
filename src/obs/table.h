// The tables of a run's epochs, in the forms that the recipe's users know.
#pragma once

#include <string>

#include "obs/history.h"

namespace ringmaster::obs {

// Markdown, one row an epoch, right-aligned:
//   | Epoch | Train Loss | Val Loss | Top1 (%) | Top5 (%) | LR | Epoch Time (s) |
// Top1 and Top5 are the validation's. With the head even where there is no row yet.
[[nodiscard]] std::string markdown_table(const History& history);

// A JSON list of {epoch, train_loss, train_accuracy, train_accuracy_top5, test_loss, test_accuracy,
// test_accuracy_top5, learning_rate, epoch_time}, one an epoch; accuracies in percent.
[[nodiscard]] std::string json_list(const History& history);

}  // namespace ringmaster::obs
