// Random: of each KV head any tokens of the prompt, all sets of them alike; generated tokens are kept on top. What a
// score has to beat.
#include <algorithm>
#include <vector>

#include "sim/attention/method.hpp"
#include "sim/core/registry.hpp"
#include "sim/core/rng.hpp"

namespace tiersim {
namespace {

class RandomLayer final : public LayerMethod {
 public:
  RandomLayer(std::size_t budget, std::uint64_t seed) : budget_(budget), rng_(seed) {}
  void on_prompt(const PromptView&, CacheEditor& cache) override {
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      std::vector<Position> kept(cache.slots(set).begin(), cache.slots(set).end());
      for (std::size_t i = 0; i < std::min(budget_, kept.size()); ++i)
        std::swap(kept[i], kept[i + rng_.below(kept.size() - i)]);
      kept.resize(std::min(budget_, kept.size()));
      std::sort(kept.begin(), kept.end());
      cache.keep(set, kept);
    }
  }

 private:
  std::size_t budget_;
  Rng rng_;
};

class RandomTokens final : public AttentionMethod {
 public:
  explicit RandomTokens(const AttentionSetup& setup)
      : budget_(static_cast<std::size_t>(std::max<std::int64_t>(0, setup.budget))), seed_(setup.seed) {}
  [[nodiscard]] Scope scope() const override { return Scope::kv_head; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t layer) const override {
    return std::make_unique<RandomLayer>(budget_, seed_ * 1'000'003 + static_cast<std::uint64_t>(layer));
  }

 private:
  std::size_t budget_;
  std::uint64_t seed_;
};

TIERSIM_REGISTER(AttentionMethod, "random", RandomTokens, "any tokens of the prompt, each with the same chance", {});

}  // namespace
}  // namespace tiersim
