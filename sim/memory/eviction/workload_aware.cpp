// Workload-aware eviction after "KVCache Cache in the Wild" (Wang et al., ATC'25): how likely a block is used again,
// and how soon, differs by kind of request and is stable over hours, so it can be learned. Kinds are turns of a
// conversation here: first, second, ..., the last kind all later ones. Of each kind two numbers are kept: the share of
// uses that was followed by another, and the mean time until then; times are taken as exponential, as the paper finds
// them. The worth of a block is the chance of a use within `horizon`, given its age; within a kind that falls with age,
// so only the oldest of each kind are compared. Of blocks of one age those later in their request go first. Learning
// forgets: both numbers weigh the past by halves of `memory` uses.
#include <algorithm>
#include <vector>

#include "sim/core/index_lists.hpp"
#include "sim/core/mathematics.hpp"
#include "sim/core/registry.hpp"
#include "sim/memory/stepped_cache.hpp"

namespace tiersim {
namespace {

/// What is known of the uses of one kind of request.
class Reuse {
 public:
  explicit Reuse(double half_life) : keep_(exponential(-0.6931471805599453 / half_life)) {}
  void used() { uses_ = keep_ * uses_ + 1, again_ *= keep_, time_ *= keep_; }
  void used_again(double seconds) { again_ += 1, time_ += seconds; }
  /// The chance of a use in the next `horizon` seconds of a block that was used `age` seconds ago. Before anything is
  /// known half of all uses are taken to be followed by another within a minute.
  [[nodiscard]] double chance(double age, double horizon) const {
    const double share = std::min(1.0, (again_ + 1) / (uses_ + 2));
    const double rate = (again_ + 1) / (time_ + 60);
    const double still = share * exponential(-rate * age);  // used again, but not yet
    return still * (1 - exponential(-rate * horizon)) / (1 - share + still);
  }

 private:
  double keep_, uses_ = 0, again_ = 0, time_ = 0;
};

class WorkloadAware final : public SteppedCache<WorkloadAware> {
 public:
  explicit WorkloadAware(const BlockCacheSetup& setup)
      : SteppedCache(setup),
        kinds_(std::max<std::size_t>(1, static_cast<std::size_t>(setup.parameters.number("kinds")))),
        horizon_(setup.parameters.number("horizon") * 1e-9),
        reuse_(kinds_, Reuse(std::max(1.0, setup.parameters.number("memory")))),
        lists_(setup.blocks, kinds_),
        uses_(setup.blocks) {}

  [[nodiscard]] bool holds(std::uint32_t block) const { return lists_.contains(block); }
  void prefetch(std::uint32_t block) const { __builtin_prefetch(&uses_[block], 1); }
  bool touch(std::uint32_t block, const Step& step) {
    Use& use = uses_[block];
    const bool hit = lists_.contains(block);
    if (use.seen != 0) reuse_[use.kind].used_again(static_cast<double>(step.now.value() - use.at) * 1e-9);
    if (hit) {
      lists_.erase(use.kind, block);
    } else if (count_ == capacity()) {
      evict(step.now);
    } else {
      ++count_;
    }
    use = {step.now.value(), static_cast<std::uint32_t>(std::min<std::size_t>(step.turn, kinds_ - 1)), 1};
    reuse_[use.kind].used();
    lists_.push_back(use.kind, block);
    return hit;
  }
  [[nodiscard]] std::size_t resident() const override { return count_; }

 private:
  struct Use {
    std::int64_t at;  // ns
    std::uint32_t kind, seen;
  };

  void evict(Time now) {
    std::size_t worst = kinds_;
    double least = 2;
    for (std::size_t kind = 0; kind < kinds_; ++kind) {
      if (lists_.empty(kind)) continue;
      const double age = static_cast<double>(now.value() - uses_[lists_.front(kind)].at) * 1e-9;
      const double chance = reuse_[kind].chance(age, horizon_);
      if (chance < least) least = chance, worst = kind;
    }
    lists_.pop_front(worst);
  }

  std::size_t kinds_, count_ = 0;
  double horizon_;            // s
  std::vector<Reuse> reuse_;  // by kind
  IndexLists lists_;          // by kind, least recently used first
  ZeroedArray<Use> uses_;     // by block, the last one
};

TIERSIM_REGISTER(BlockCache, "workload_aware", WorkloadAware,
                 "least likely used again soon, learned by turn (KVCache Cache in the Wild, ATC'25)",
                 {{"kinds", ParameterKind::count, "8", "turns that are told apart; later ones count as the last"},
                  {"horizon", ParameterKind::duration, "10 min", "within which a use counts"},
                  {"memory", ParameterKind::count, "100000", "uses after which what was learned weighs half"}});

}  // namespace
}  // namespace tiersim
