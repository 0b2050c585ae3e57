#include "comm/hierarchical_plan.h"

#include <algorithm>

#include "base/check.h"
#include "comm/host_groups.h"
#include "comm/ring_plan.h"

namespace ringmaster::comm {
namespace {

class HierarchicalBuilder {
 public:
  HierarchicalBuilder(const std::vector<std::string>& hosts, int rank, std::int64_t count_elems,
                      const Cut& cut)
      : groups_(ranks_by_host(hosts)), count_elems_(count_elems), cut_(cut) {
    lanes_ = static_cast<int>(groups_.front().size());
    for (std::size_t host = 0; host < groups_.size(); ++host) {
      const std::vector<int>& ranks = groups_[host];
      lanes_ = std::min(lanes_, static_cast<int>(ranks.size()));
      const auto found = std::find(ranks.begin(), ranks.end(), rank);
      if (found == ranks.end()) continue;
      host_ = static_cast<int>(host);
      me_ = static_cast<int>(found - ranks.begin());
    }
  }

  Plan build() {
    reduce_within_host();
    if (me_ < lanes_) ring_across_hosts();
    gather_within_host();
    return std::move(plan_);
  }

 private:
  const std::vector<int>& local() const { return groups_[static_cast<std::size_t>(host_)]; }
  int locals() const { return static_cast<int>(local().size()); }
  int hosts() const { return static_cast<int>(groups_.size()); }
  Range lane(int index) const { return chunk_range(count_elems_, lanes_, index, cut_.align_elems); }
  // The local rank that is `distance` above `from`, modulo.
  int above(int from, int distance) const { return (from + distance) % locals(); }

  // Step 0. Segment by segment, so that the sum of one stays in the cache until it is complete.
  void reduce_within_host() {
    for (int distance = 1; distance < locals(); ++distance) {
      const int owner = above(me_, distance);
      if (owner < lanes_) add_all(ActionKind::kSend, owner, 0, lane(owner));
    }
    if (me_ >= lanes_) return;
    for (std::int64_t k = 0; k < segments_of(lane(me_), cut_); ++k) {
      for (int distance = 1; distance < locals(); ++distance) {
        const bool last = distance == locals() - 1 && hosts() == 1;
        add(last ? ActionKind::kReceiveAddScale : ActionKind::kReceiveAdd, above(me_, distance), 0,
            lane(me_), k);
      }
      if (hosts() == 1) publish(k);
    }
  }

  void ring_across_hosts() {
    std::vector<int> ring;
    for (const std::vector<int>& ranks : groups_)
      ring.push_back(ranks[static_cast<std::size_t>(me_)]);
    append_ring(ring, host_, lane(me_), cut_, 1, plan_);
  }

  void gather_within_host() {
    if (hosts() > 1 && me_ < lanes_) {
      for (std::int64_t k = 0; k < segments_of(lane(me_), cut_); ++k) publish(k);
    }
    for (int distance = 1; distance < locals(); ++distance) {
      const int owner = above(me_, distance);
      if (owner < lanes_) add_all(ActionKind::kReceiveCopy, owner, last_step(), lane(owner));
    }
  }

  int last_step() const { return 1 + 2 * (hosts() - 1); }

  // Offers a finished segment of my lane to the others of this host.
  void publish(std::int64_t segment) {
    for (int distance = 1; distance < locals(); ++distance) {
      add(ActionKind::kSend, above(me_, distance), last_step(), lane(me_), segment);
    }
  }

  void add_all(ActionKind kind, int peer, int step, Range range) {
    for (std::int64_t k = 0; k < segments_of(range, cut_); ++k) add(kind, peer, step, range, k);
  }

  void add(ActionKind kind, int peer, int step, Range range, std::int64_t segment) {
    const Range part = segment_range(range, segment, cut_);
    plan_.push_back({kind, local()[static_cast<std::size_t>(peer)], step, static_cast<int>(segment),
                     part.begin, part.size()});
  }

  std::vector<std::vector<int>> groups_;
  const std::int64_t count_elems_;
  const Cut cut_;
  int lanes_ = 0, host_ = 0, me_ = 0;
  Plan plan_;
};

}  // namespace

Plan hierarchical_plan(const std::vector<std::string>& hosts, int rank, std::int64_t count_elems,
                       const Cut& cut) {
  RM_CHECK(rank >= 0 && static_cast<std::size_t>(rank) < hosts.size());
  RM_CHECK(cut.align_elems > 0 && cut.segment_elems > 0);
  return HierarchicalBuilder(hosts, rank, count_elems, cut).build();
}

}  // namespace ringmaster::comm
