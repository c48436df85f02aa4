// TOVA (Oren et al., 2024): when more than the budget is held, the tokens stay that the newest query weighs most, by
// the mean over all query heads of the layer: one list for all of them. Nothing is protected, neither sinks nor recent
// tokens. After the prompt its last row decides, then each token's own.
#include <algorithm>
#include <vector>

#include "sim/attention/method.hpp"
#include "sim/attention/scores.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

class TovaLayer final : public LayerMethod {
 public:
  explicit TovaLayer(std::int64_t budget) : budget_(static_cast<std::size_t>(std::max<std::int64_t>(0, budget))) {}
  void on_prompt(const PromptView& prompt, CacheEditor& cache) override {
    const traces::AttentionShape& shape = prompt.shape();
    std::vector<float> sum(static_cast<std::size_t>(shape.prompt));
    for (std::int64_t head = 0; head < shape.heads; ++head) add_to(sum, prompt.window_row(head, shape.window - 1));
    keep_best(sum, cache);
  }
  void on_step(const StepView& step, CacheEditor& cache) override {
    std::vector<float> sum(cache.slots(0).size());
    for (const std::vector<float>& weights : step.weights) add_to(sum, weights);
    keep_best(sum, cache);
  }

 private:
  void keep_best(std::span<const float> scores, CacheEditor& cache) const {
    const auto slots = cache.slots(0);
    if (slots.size() <= budget_) return;
    std::vector<Position> kept;
    for (const std::uint32_t i : top(scores, budget_)) kept.push_back(slots[i]);
    cache.keep(0, kept);
  }

  std::size_t budget_;
};

class Tova final : public AttentionMethod {
 public:
  explicit Tova(const AttentionSetup& setup) : budget_(setup.budget) {}
  [[nodiscard]] Scope scope() const override { return Scope::layer; }
  [[nodiscard]] Needs needs() const override { return Need::window; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t) const override {
    return std::make_unique<TovaLayer>(budget_);
  }

 private:
  std::int64_t budget_;
};

TIERSIM_REGISTER(AttentionMethod, "tova", Tova, "what the newest query weighs most, one list a layer (TOVA, 2024)", {});

}  // namespace
}  // namespace tiersim
