#include "obs/summary.h"

#include <cmath>

#include "base/check.h"
#include "obs/table.h"
#include "obs/text.h"

namespace ringmaster::obs {
namespace {

std::string accuracy(const EpochReport& epoch) {
  return join_text("epoch ", epoch.epoch, ": top-1 ", fixed(epoch.val_top1, 2), " % (",
                   epoch.val_hits1, " of ", epoch.val_n, "), top-5 ", fixed(epoch.val_top5, 2),
                   " % (", epoch.val_hits5, " of ", epoch.val_n, ")");
}

double total_seconds(const History& history) {
  double total = 0;
  for (const EpochReport& epoch : history.epochs)
    total += std::isfinite(epoch.seconds) ? epoch.seconds : 0;
  return total;
}

std::string accuracy_lines(const History& history) {
  const EpochReport* last = history.last_epoch();
  if (last == nullptr) return "no epoch has ended yet\n";
  return join_text("best        ", accuracy(*history.best_epoch()), "\nlast        ",
                   accuracy(*last), "\nworked      ", history.epochs.size(), " epochs, ",
                   last->step, " steps, ", duration(total_seconds(history)), ", last epoch at ",
                   fixed(last->images_per_second, 1), " img/s, ", history.attempts, " attempt",
                   history.attempts == 1 ? "" : "s", "\n");
}

}  // namespace

std::string summary_text(const History& history, const RunDir& dir) {
  return join_text(markdown_table(history), "\n", accuracy_lines(history), "table       ",
                   dir.markdown(), "\nplots       ", dir.plot("loss"), ", accuracy.png, lr.png",
                   "\nlog         ", dir.log(), ", ", dir.rank_log(0), "\ncheckpoints ",
                   dir.newest_checkpoint(), ", ", dir.best_checkpoint(), "\n");
}

}  // namespace ringmaster::obs
