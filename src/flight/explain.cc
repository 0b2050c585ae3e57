#include "flight/explain.h"

#include <algorithm>
#include <iomanip>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "base/check.h"

namespace ringmaster::flight {
namespace {

constexpr double kNanosecond = 1e-9;

bool is_consequence(const Record& record) {
  return record.error_kind == name_of(ErrorKind::kTimeout) ||
         record.error_kind == name_of(ErrorKind::kPeerLost);
}

std::string size_text(std::size_t bytes) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(bytes < 10'000'000 ? 2 : 1)
       << static_cast<double>(bytes) / 1e6 << " MB";
  return text.str();
}

std::string bucket_text(const Record& record, const comm::Operation& operation) {
  const auto index = static_cast<std::size_t>(operation.reduction);
  const std::string content =
      index < record.reductions.size() ? ": " + record.reductions[index] : std::string();
  return join_text("bucket ", operation.reduction, " (", size_text(operation.size_bytes), content,
                   ")");
}

// The operation that the rank was in, or else its last one.
std::optional<comm::Operation> current(const Record& record) {
  const auto& operations = record.operations;
  if (operations.empty()) return std::nullopt;
  const auto open = std::find_if(operations.begin(), operations.end(), [](const auto& operation) {
    return operation.phase == comm::Phase::kRunning || operation.phase == comm::Phase::kFailed;
  });
  return open != operations.end() ? *open : operations.back();
}

bool is_open(const comm::Operation& operation) {
  return operation.phase == comm::Phase::kRunning || operation.phase == comm::Phase::kFailed;
}

std::int64_t started(const Record& record) {
  std::int64_t count = 0;
  for (const comm::Operation& operation : record.operations) {
    if (operation.phase != comm::Phase::kQueued) count = operation.number + 1;
  }
  return count;
}

Standing standing_of(const Record& record) {
  Standing standing;
  standing.rank = record.rank;
  standing.has_record = true;
  standing.host = record.host;
  standing.doing = record.doing;
  standing.error = record.error;
  standing.step = record.step;
  standing.started = started(record);
  if (const auto operation = current(record)) {
    standing.last = join_text("#", operation->number, " bucket ", operation->reduction, " (",
                              size_text(operation->size_bytes), "): ", name_of(operation->phase));
    if (is_open(*operation)) {
      standing.waits_for = operation->peer;
      standing.waited_s =
          static_cast<double>(record.clock_ns - operation->started_ns) * kNanosecond;
    }
  }
  return standing;
}

// Whom a rank's error names, and what it says of it: "rank 3 on node1 is stopped (process 12);
// ...".
struct Accusation {
  int rank = -1;
  std::string what;  // "is stopped (process 12)"
};

std::optional<Accusation> accusation_of(const Record& record) {
  if (!is_consequence(record)) return std::nullopt;
  std::istringstream words(record.error);
  Accusation accusation;
  std::string word, on, host;
  if (!(words >> word >> accusation.rank >> on >> host) || word != "rank" || on != "on")
    return std::nullopt;
  words >> std::ws;
  std::getline(words, accusation.what, ';');
  return accusation;
}

class Inquiry {
 public:
  explicit Inquiry(const std::vector<Record>& records) {
    for (const Record& record : records) {
      RM_REQUIRE(record.ranks == records.front().ranks && record.rank < record.ranks,
                 ErrorKind::kBadData, "the records of ranks ", records.front().rank, " and ",
                 record.rank, " are of different runs: one had ", records.front().ranks,
                 " ranks, the other ", record.ranks);
      RM_REQUIRE(by_rank_.emplace(record.rank, &record).second, ErrorKind::kBadData,
                 "two records of rank ", record.rank);
    }
    ranks_ = records.front().ranks;
  }

  Explanation run() {
    Explanation result;
    for (int rank = 0; rank < ranks_; ++rank) {
      const auto found = by_rank_.find(rank);
      result.ranks.push_back(found == by_rank_.end() ? Standing{} : standing_of(*found->second));
      result.ranks.back().rank = rank;
    }
    if (!own_failure(result) && !silent(result) && !accused(result) && !different_sizes(result) &&
        !behind(result)) {
      follow_waits(result);
    }
    return result;
  }

 private:
  [[nodiscard]] std::string name(int rank) const {
    const auto found = by_rank_.find(rank);
    return found == by_rank_.end() ? join_text("rank ", rank)
                                   : join_text("rank ", rank, " on ", found->second->host);
  }

  // "; rank 0 waits for it in bucket 3 (...) of step 17, since 2.1 s", of who waited longest;
  // of those that wait for the culprit itself if there are any.
  [[nodiscard]] std::string waiting_text(int culprit) const {
    const Record* longest = nullptr;
    bool direct = false;
    double waited = -1;
    for (const auto& [rank, record] : by_rank_) {
      const Standing standing = standing_of(*record);
      if (rank == culprit || standing.waits_for < 0) continue;
      const bool is_direct = standing.waits_for == culprit;
      if (std::pair(is_direct, standing.waited_s) <= std::pair(direct, waited)) continue;
      longest = record;
      direct = is_direct;
      waited = standing.waited_s;
    }
    if (longest == nullptr) return "";
    const comm::Operation operation = *current(*longest);
    return join_text("; ", name(longest->rank), " waited ", std::fixed, std::setprecision(1),
                     waited, " s for ", operation.peer == culprit ? "it" : name(operation.peer),
                     " in ", bucket_text(*longest, operation), " of step ", longest->step + 1);
  }

  void conclude(Explanation& result, int culprit, const std::string& what) const {
    result.culprit = culprit;
    result.sentence = name(culprit) + " " + what + waiting_text(culprit) + ".";
  }

  bool own_failure(Explanation& result) const {
    for (const auto& [rank, record] : by_rank_) {
      if (record->error_kind.empty() || is_consequence(*record)) continue;
      conclude(result, rank,
               join_text("broke off by itself, in its ", record->doing, " after step ",
                         record->step, " (", record->error, ")"));
      return true;
    }
    return false;
  }

  bool silent(Explanation& result) const {
    std::vector<int> missing;
    for (int rank = 0; rank < ranks_; ++rank) {
      if (by_rank_.count(rank) == 0) missing.push_back(rank);
    }
    if (missing.empty()) return false;
    // Of several the one that others wait for.
    int culprit = missing.front();
    for (const auto& [rank, record] : by_rank_) {
      const int peer = standing_of(*record).waits_for;
      if (std::find(missing.begin(), missing.end(), peer) != missing.end()) culprit = peer;
    }
    std::string others;
    for (const int rank : missing) {
      if (rank != culprit) others += join_text(others.empty() ? " (so did rank " : ", ", rank);
    }
    if (!others.empty()) others += ")";
    conclude(result, culprit,
             "left no record: it was killed, stands still, or its host is gone" + others);
    return true;
  }

  // A rank that stood still may have woken up when the others gave up, and leaves a record like
  // theirs; but their errors say how they saw it.
  bool accused(Explanation& result) const {
    std::optional<Accusation> told;
    for (const auto& [rank, record] : by_rank_) {
      const std::optional<Accusation> one = accusation_of(*record);
      if (!one || one->rank >= ranks_) continue;
      if (told && told->rank != one->rank) return false;  // they don't agree
      if (!told || rank != one->rank) told = one;
    }
    if (!told) return false;
    conclude(result, told->rank, told->what);
    return true;
  }

  bool different_sizes(Explanation& result) const {
    std::map<std::int64_t, std::pair<int, std::size_t>> first;  // by number: rank, bytes
    for (const auto& [rank, record] : by_rank_) {
      for (const comm::Operation& operation : record->operations) {
        const auto [known, is_new] =
            first.emplace(operation.number, std::pair(rank, operation.size_bytes));
        if (is_new || known->second.second == operation.size_bytes) continue;
        conclude(result, rank,
                 join_text("and ", name(known->second.first), " do not do the same: operation ",
                           operation.number, " has ", operation.size_bytes, " bytes there and ",
                           known->second.second, " here"));
        return true;
      }
    }
    return false;
  }

  bool behind(Explanation& result) const {
    const auto fewer = [](const auto& a, const auto& b) {
      return started(*a.second) < started(*b.second);
    };
    const auto [least, most] = std::minmax_element(by_rank_.begin(), by_rank_.end(), fewer);
    const std::int64_t begun = started(*least->second);
    if (begun == started(*most->second)) return false;
    conclude(result, least->first,
             join_text("is behind: it had begun ", begun, " reductions where others had begun ",
                       started(*most->second), ", and was in its ", least->second->doing));
    return true;
  }

  void follow_waits(Explanation& result) const {
    int at = by_rank_.begin()->first;
    std::set<int> seen;
    while (seen.insert(at).second) {
      const int next = result.ranks[static_cast<std::size_t>(at)].waits_for;
      if (next < 0 || next >= ranks_) {
        conclude(result, at,
                 "waited for nobody while others waited for it, in its " +
                     result.ranks[static_cast<std::size_t>(at)].doing);
        return;
      }
      at = next;
    }
    result.sentence =
        join_text("All ranks waited for each other in the same reduction", waiting_text(-1),
                  ": what was sent did not arrive. Look at the network between their hosts.");
  }

  int ranks_ = 0;
  std::map<int, const Record*> by_rank_;
};

}  // namespace

Explanation explain(const std::vector<Record>& records) {
  RM_CHECK(!records.empty());
  return Inquiry(records).run();
}

}  // namespace ringmaster::flight
