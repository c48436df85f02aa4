// H2O, the heavy-hitter oracle (Zhang et al., NeurIPS'23): half of the budget for the most recent tokens, the rest for
// those with the greatest sum of weights from all queries so far, the prompt's too. Each decoded row adds to the sums
// of what it sees; a dropped token's sum is gone with it. `recent` is that part's share. Index sets are by query head,
// as in the authors' code, or by KV head (`heads: kv`), with the group's weights added up.
#include <algorithm>
#include <vector>

#include "sim/attention/method.hpp"
#include "sim/attention/scores.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

class H2oLayer final : public LayerMethod {
 public:
  H2oLayer(std::size_t budget, std::size_t recent) : budget_(budget), recent_(recent) {}

  void on_prompt(const PromptView& prompt, CacheEditor& cache) override {
    sums_.resize(cache.sets());
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      sums_[set].resize(cache.slots(set).size());
      for (std::int64_t i = 0; i < cache.heads_a_set(); ++i)
        add_to(sums_[set], prompt.column_sums(cache.first_head(set) + i));
      trim(set, cache);
    }
  }
  void on_step(const StepView& step, CacheEditor& cache) override {
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      sums_[set].push_back(0);
      for (std::int64_t i = 0; i < cache.heads_a_set(); ++i)
        add_to(sums_[set], step.weights[static_cast<std::size_t>(cache.first_head(set) + i)]);
      trim(set, cache);
    }
  }

 private:
  /// Keeps the last `recent_` and the greatest sums before them.
  void trim(std::size_t set, CacheEditor& cache) {
    const auto slots = cache.slots(set);
    if (slots.size() <= budget_) return;
    std::vector<float>& sums = sums_[set];
    const std::size_t older = slots.size() - recent_;
    if (slots.size() == budget_ + 1) {  // one goes: the least, of equal ones the last
      std::size_t least = 0;
      for (std::size_t i = 1; i < older; ++i)
        if (sums[i] <= sums[least]) least = i;
      cache.drop(set, slots[least]);
      sums.erase(sums.begin() + static_cast<std::ptrdiff_t>(least));
      return;
    }
    std::vector<Position> kept;
    std::vector<float> kept_sums;
    const auto add = [&](std::size_t i) {
      kept.push_back(slots[i]);
      kept_sums.push_back(sums[i]);
    };
    for (const std::uint32_t i : top(std::span(sums).first(older), budget_ - recent_)) add(i);
    for (std::size_t i = older; i < slots.size(); ++i) add(i);
    cache.keep(set, kept);
    sums = std::move(kept_sums);
  }

  std::size_t budget_, recent_;
  std::vector<std::vector<float>> sums_;  // by set, by slot
};

class H2o final : public AttentionMethod {
 public:
  explicit H2o(const AttentionSetup& setup)
      : budget_(static_cast<std::size_t>(std::max<std::int64_t>(0, setup.budget))),
        recent_(static_cast<std::size_t>(setup.parameters.number("recent") * static_cast<double>(budget_))),
        scope_(setup.parameters.text("heads") == "kv" ? Scope::kv_head : Scope::query_head) {}
  [[nodiscard]] Scope scope() const override { return scope_; }
  [[nodiscard]] Needs needs() const override { return Need::column_sums; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t) const override {
    return std::make_unique<H2oLayer>(budget_, recent_);
  }

 private:
  std::size_t budget_, recent_;
  Scope scope_;
};

TIERSIM_REGISTER(AttentionMethod, "h2o", H2o,
                 "the greatest sums of weights so far, and recent tokens (H2O, NeurIPS'23)",
                 {{"recent", ParameterKind::fraction, "0.5", "of the budget, for the most recent tokens"},
                  {"heads", ParameterKind::text, "query", "index sets by 'query' head or by 'kv' head"}});

}  // namespace
}  // namespace tiersim
