// PyramidKV (Cai et al., 2024): SnapKV's votes under budgets that shrink from layer to layer. With b the budget less
// the window, the last layer gets b / beta beside the window, the first what makes the mean b, the others evenly in
// between; no layer more than the prompt has. Prompts shorter than twice b get b in every layer. Integer arithmetic as
// in the authors' code (KVCache-Factory). Generated tokens are kept on top.
#include <algorithm>
#include <vector>

#include "sim/attention/window_votes.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

class PyramidLayer final : public LayerMethod {
 public:
  PyramidLayer(std::int64_t past, std::int64_t rows, const WindowVote& vote) : past_(past), rows_(rows), vote_(vote) {}
  void on_prompt(const PromptView& prompt, CacheEditor& cache) override {
    if (past_ >= prompt.shape().prompt - rows_) return;
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      std::vector<Position> kept =
          top(vote_.scores(prompt, cache, set, rows_), static_cast<std::size_t>(std::max<std::int64_t>(0, past_)));
      add_window(kept, prompt.shape(), rows_);
      cache.keep(set, kept);
    }
  }

 private:
  std::int64_t past_, rows_;  // tokens before the window that stay; the window
  WindowVote vote_;
};

class PyramidKv final : public AttentionMethod {
 public:
  explicit PyramidKv(const AttentionSetup& setup)
      : shape_(setup.shape),
        budget_(setup.budget),
        beta_(std::max<std::int64_t>(1, static_cast<std::int64_t>(setup.parameters.number("beta")))),
        vote_(WindowVote::from(setup.parameters)),
        scope_(scope_of(setup.parameters)) {}
  [[nodiscard]] Scope scope() const override { return scope_; }
  [[nodiscard]] Needs needs() const override { return Need::window; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t layer) const override {
    const std::int64_t rows = vote_.rows(shape_, budget_);
    return std::make_unique<PyramidLayer>(past_of(layer, budget_ - rows, rows), rows, vote_);
  }

 private:
  [[nodiscard]] std::int64_t past_of(std::int64_t layer, std::int64_t base, std::int64_t rows) const {
    if (shape_.prompt <= budget_) return shape_.prompt;
    if (shape_.prompt < 2 * base || shape_.layers < 2) return base;
    std::int64_t least = base / beta_, most = 2 * base - least;
    if (most >= shape_.prompt - rows) {
      most = shape_.prompt - rows;
      least = 2 * base - most;
    }
    return most - layer * ((most - least) / (shape_.layers - 1));
  }

  traces::AttentionShape shape_;
  std::int64_t budget_, beta_;
  WindowVote vote_;
  Scope scope_;
};

TIERSIM_REGISTER(AttentionMethod, "pyramidkv", PyramidKv,
                 "SnapKV's votes, more room for early layers (PyramidKV, 2024)",
                 {{"beta", ParameterKind::count, "20", "the last layer gets this part of the mean"},
                  {"window", ParameterKind::tokens, "32 tokens", "of the prompt, the last ones, that vote and stay"},
                  {"kernel", ParameterKind::count, "7", "neighbours that are pooled, odd"},
                  {"pool", ParameterKind::text, "max", "'max' or 'average'"},
                  {"heads", ParameterKind::text, "query", "index sets by 'query' head or by 'kv' head"}});

}  // namespace
}  // namespace tiersim
