// AdaKV (Feng et al., 2024), with SnapKV's votes (Ada-SnapKV): a layer's heads share its budget. Beside the window each
// head gets, of what all heads have together, as many as it has among the layer's best scores; a part `floor` of the
// even share is safe for each. So heads that spread their weight get more. Index sets by KV head, the group's votes
// added up before pooling. Sets are of different lengths: 4 bytes a set
// say how long. Generated tokens are kept on top.
#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/attention/window_votes.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

class AdaLayer final : public LayerMethod {
 public:
  AdaLayer(std::int64_t budget, double floor, const WindowVote& vote) : budget_(budget), floor_(floor), vote_(vote) {}

  void on_prompt(const PromptView& prompt, CacheEditor& cache) override {
    const traces::AttentionShape& shape = prompt.shape();
    if (shape.prompt <= budget_) return;
    const std::int64_t rows = vote_.rows(shape, budget_), base = budget_ - rows;
    std::vector<std::vector<float>> scores;
    std::vector<float> all;
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      scores.push_back(vote_.scores(prompt, cache, set, rows));
      all.insert(all.end(), scores.back().begin(), scores.back().end());
    }
    const std::vector<std::int64_t> shares = shares_of(all, cache.sets(), scores[0].size(), base);
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      std::vector<Position> kept = top(scores[set], static_cast<std::size_t>(shares[set]));
      add_window(kept, shape, rows);
      cache.keep(set, kept);
    }
    cache.metadata(Bytes(4 * static_cast<std::int64_t>(cache.sets())));
  }

 private:
  /// Tokens before the window for each set: its part of the layer's best, mixed with the even share.
  [[nodiscard]] std::vector<std::int64_t> shares_of(std::span<const float> all, std::size_t sets, std::size_t past,
                                                    std::int64_t base) const {
    std::vector<std::int64_t> counts(sets);
    for (const std::uint32_t i : top(all, sets * static_cast<std::size_t>(base))) ++counts[i / past];
    for (std::int64_t& count : counts) {
      const double mixed = static_cast<double>(count) * (1 - floor_) + std::floor(static_cast<double>(base) * floor_);
      count = static_cast<std::int64_t>(std::nearbyint(mixed));
    }
    return counts;
  }

  std::int64_t budget_;
  double floor_;
  WindowVote vote_;
};

class AdaKv final : public AttentionMethod {
 public:
  explicit AdaKv(const AttentionSetup& setup)
      : budget_(setup.budget), floor_(setup.parameters.number("floor")), vote_(WindowVote::from(setup.parameters)) {}
  [[nodiscard]] Scope scope() const override { return Scope::kv_head; }
  [[nodiscard]] Needs needs() const override { return Need::window; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t) const override {
    return std::make_unique<AdaLayer>(budget_, floor_, vote_);
  }

 private:
  std::int64_t budget_;
  double floor_;
  WindowVote vote_;
};

TIERSIM_REGISTER(AttentionMethod, "adakv", AdaKv, "SnapKV's votes, heads share a layer's budget (AdaKV, 2024)",
                 {{"floor", ParameterKind::fraction, "0.2", "of the even share, that each head is sure of"},
                  {"window", ParameterKind::tokens, "32 tokens", "of the prompt, the last ones, that vote and stay"},
                  {"kernel", ParameterKind::count, "7", "neighbours that are pooled, odd"},
                  {"pool", ParameterKind::text, "max", "'max' or 'average'"}});

}  // namespace
}  // namespace tiersim
