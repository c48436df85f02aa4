// SnapKV (Li et al., NeurIPS'24): once, after the prompt, its last `window` tokens vote (window_votes.hpp), and the
// best stay beside the window, as many as the budget has in all. Generated tokens are kept on top. A prompt no longer
// than the budget stays whole. Defaults are those of the authors' LongBench runs. Index sets by query head, as in their
// code, or by KV head (`heads: kv`), the group's votes added up before pooling.
#include <vector>

#include "sim/attention/window_votes.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

class SnapKvLayer final : public LayerMethod {
 public:
  SnapKvLayer(std::int64_t budget, const WindowVote& vote) : budget_(budget), vote_(vote) {}

  void on_prompt(const PromptView& prompt, CacheEditor& cache) override {
    const traces::AttentionShape& shape = prompt.shape();
    if (shape.prompt <= budget_) return;
    const std::int64_t rows = vote_.rows(shape, budget_);
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      std::vector<Position> kept =
          top(vote_.scores(prompt, cache, set, rows), static_cast<std::size_t>(budget_ - rows));
      add_window(kept, shape, rows);
      cache.keep(set, kept);
    }
  }

 private:
  std::int64_t budget_;
  WindowVote vote_;
};

class SnapKv final : public AttentionMethod {
 public:
  explicit SnapKv(const AttentionSetup& setup)
      : budget_(setup.budget), vote_(WindowVote::from(setup.parameters)), scope_(scope_of(setup.parameters)) {}
  [[nodiscard]] Scope scope() const override { return scope_; }
  [[nodiscard]] Needs needs() const override { return Need::window; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t) const override {
    return std::make_unique<SnapKvLayer>(budget_, vote_);
  }

 private:
  std::int64_t budget_;
  WindowVote vote_;
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
