// SnapKV (Li et al., NeurIPS'24): once, after the prompt, the last `window` tokens vote: their weights on each earlier
// key are added up, pooled over neighbours (`kernel`, `pool`) so that what surrounds an important token stays too, and
// the best stay beside the window, as many as the budget has in all. Generated tokens are kept on top. A prompt no
// longer than the budget stays whole. Defaults are those of the authors' LongBench runs. Index sets by query head, as
// in their code, or by KV head (`heads: kv`): the group's votes are then averaged before pooling.
#include <algorithm>
#include <vector>

#include "sim/attention/method.hpp"
#include "sim/attention/scores.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

struct Vote {
  std::int64_t window = 0, kernel = 1;
  bool by_maximum = true;
};

class SnapKvLayer final : public LayerMethod {
 public:
  SnapKvLayer(std::int64_t budget, const Vote& vote) : budget_(budget), vote_(vote) {}

  void on_prompt(const PromptView& prompt, CacheEditor& cache) override {
    const std::int64_t tokens = prompt.shape().prompt;
    if (tokens <= budget_) return;
    const std::int64_t window = std::min({vote_.window, prompt.shape().window, budget_});
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      const std::vector<float> scores = scores_of(prompt, cache, set, window);
      std::vector<Position> kept = top(scores, static_cast<std::size_t>(budget_ - window));
      for (std::int64_t p = tokens - window; p < tokens; ++p) kept.push_back(static_cast<Position>(p));
      cache.keep(set, kept);
    }
  }

 private:
  [[nodiscard]] std::vector<float> scores_of(const PromptView& prompt, const CacheEditor& cache, std::size_t set,
                                             std::int64_t window) const {
    const std::int64_t past = prompt.shape().prompt - window;
    std::vector<float> sum(static_cast<std::size_t>(past));
    for (std::int64_t i = 0; i < cache.heads_a_set(); ++i)
      for (std::int64_t row = prompt.shape().window - window; row < prompt.shape().window; ++row)
        add_to(sum, prompt.window_row(cache.first_head(set) + i, row).first(sum.size()));
    return vote_.by_maximum ? max_pool(sum, vote_.kernel) : average_pool(sum, vote_.kernel);
  }

  std::int64_t budget_;
  Vote vote_;
};

class SnapKv final : public AttentionMethod {
 public:
  explicit SnapKv(const AttentionSetup& setup)
      : budget_(setup.budget),
        vote_{static_cast<std::int64_t>(setup.parameters.number("window")),
              static_cast<std::int64_t>(setup.parameters.number("kernel")), setup.parameters.text("pool") != "average"},
        scope_(setup.parameters.text("heads") == "kv" ? Scope::kv_head : Scope::query_head) {}
  [[nodiscard]] Scope scope() const override { return scope_; }
  [[nodiscard]] Needs needs() const override { return Need::window; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t) const override {
    return std::make_unique<SnapKvLayer>(budget_, vote_);
  }

 private:
  std::int64_t budget_;
  Vote vote_;
  Scope scope_;
};

TIERSIM_REGISTER(AttentionMethod, "snapkv", SnapKv,
                 "what the prompt's last tokens vote for, pooled (SnapKV, NeurIPS'24)",
                 {{"window", ParameterKind::tokens, "32 tokens", "of the prompt, the last ones, that vote and stay"},
                  {"kernel", ParameterKind::count, "7", "neighbours that are pooled, odd"},
                  {"pool", ParameterKind::text, "max", "'max' or 'average'"},
                  {"heads", ParameterKind::text, "query", "index sets by 'query' head or by 'kv' head"}});

}  // namespace
}  // namespace tiersim
