#include "app/eval_report.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include <nlohmann/json.hpp>

namespace ringmaster::app {
namespace {

std::vector<train::Confusion> first_confusions(const train::ClassReport& report,
                                               std::int64_t count) {
  const auto& all = report.confusions;
  return {all.begin(),
          all.begin() + std::min<std::int64_t>(count, static_cast<std::int64_t>(all.size()))};
}

nlohmann::json class_json(const train::CheckpointEvaluation& evaluation, std::int64_t worst) {
  const auto name = [&](std::int64_t label) {
    return evaluation.class_names[static_cast<std::size_t>(label)];
  };
  nlohmann::json classes = nlohmann::json::array(), lowest = nlohmann::json::array(),
                 confused = nlohmann::json::array();
  for (std::size_t label = 0; label < evaluation.report.classes.size(); ++label) {
    const train::ClassCount& count = evaluation.report.classes[label];
    classes.push_back({{"name", evaluation.class_names[label]},
                       {"n", count.images},
                       {"hits1", count.hits1},
                       {"hits5", count.hits5}});
  }
  for (const std::int64_t label : train::worst_classes(evaluation.report, worst))
    lowest.push_back(name(label));
  for (const train::Confusion& pair : first_confusions(evaluation.report, worst))
    confused.push_back({{"class", name(pair.truth)},
                        {"taken_for", name(pair.predicted)},
                        {"images", pair.images}});
  return {{"classes", classes}, {"worst", lowest}, {"confused", confused}};
}

void put_classes(const train::CheckpointEvaluation& evaluation, std::int64_t worst,
                 std::ostream& out) {
  const train::ClassReport& report = evaluation.report;
  const auto name = [&](std::int64_t label) {
    return evaluation.class_names[static_cast<std::size_t>(label)];
  };
  out << "\nworst classes\n";
  for (const std::int64_t label : train::worst_classes(report, worst)) {
    const train::ClassCount& count = report.classes[static_cast<std::size_t>(label)];
    out << "  " << std::setw(6) << std::setprecision(2) << count.top1_percent() << " % ("
        << count.hits1 << " of " << count.images << ")  " << name(label) << '\n';
  }
  out << "\nmost confused\n";
  for (const train::Confusion& pair : first_confusions(report, worst)) {
    const auto images = report.classes[static_cast<std::size_t>(pair.truth)].images;
    out << "  " << std::setw(6) << pair.images << " of " << images << " images of "
        << name(pair.truth) << " taken for " << name(pair.predicted) << '\n';
  }
}

}  // namespace

std::string eval_json(const train::CheckpointEvaluation& evaluation, std::int64_t worst) {
  std::ostringstream out;
  const train::Totals& totals = evaluation.totals;
  out << std::fixed << "{\"n\": " << totals.images << ", \"hits1\": " << totals.hits1
      << ", \"hits5\": " << totals.hits5 << ", \"top1\": " << std::setprecision(4)
      << totals.top1_percent() << ", \"top5\": " << totals.top5_percent()
      << ", \"loss\": " << std::setprecision(10) << totals.loss();
  if (worst > 0) {
    const nlohmann::json classes = class_json(evaluation, worst);
    for (const auto& [key, value] : classes.items()) out << ", \"" << key << "\": " << value.dump();
  }
  out << "}\n";
  return out.str();
}

std::string eval_text(const train::CheckpointEvaluation& evaluation, const std::string& checkpoint,
                      std::int64_t worst) {
  std::ostringstream out;
  const train::Totals& totals = evaluation.totals;
  out << std::fixed << checkpoint << ": top-1 " << std::setprecision(2) << totals.top1_percent()
      << " % (" << totals.hits1 << " of " << totals.images << "), top-5 " << totals.top5_percent()
      << " % (" << totals.hits5 << "), loss " << std::setprecision(4) << totals.loss() << '\n';
  if (worst > 0) put_classes(evaluation, worst, out);
  return out.str();
}

}  // namespace ringmaster::app
