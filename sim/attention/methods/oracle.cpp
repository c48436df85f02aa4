// The oracle: knows every row that will be decoded and keeps, once and for all after the prompt, the prompt tokens with
// the greatest sum of weights over them. No choice of as many tokens for a head has a greater mean recall of its own,
// generated tokens being kept on top; methods that share a budget over heads can still pass it in the mean of all.
// Index sets by query head.
#include <algorithm>
#include <vector>

#include "sim/attention/method.hpp"
#include "sim/attention/scores.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

class OracleLayer final : public LayerMethod {
 public:
  explicit OracleLayer(std::size_t budget) : budget_(budget) {}
  void on_prompt(const PromptView& prompt, CacheEditor& cache) override {
    const traces::AttentionShape& shape = prompt.shape();
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      std::vector<float> sum(static_cast<std::size_t>(shape.prompt));
      for (std::int64_t step = 0; step < shape.steps; ++step)
        add_to(sum, prompt.future_row(cache.first_head(set), shape.window + step).first(sum.size()));
      cache.keep(set, top(sum, budget_));
    }
  }

 private:
  std::size_t budget_;
};

class Oracle final : public AttentionMethod {
 public:
  explicit Oracle(const AttentionSetup& setup)
      : budget_(static_cast<std::size_t>(std::max<std::int64_t>(0, setup.budget))) {}
  [[nodiscard]] Scope scope() const override { return Scope::query_head; }
  [[nodiscard]] Needs needs() const override { return Need::future; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t) const override {
    return std::make_unique<OracleLayer>(budget_);
  }

 private:
  std::size_t budget_;
};

TIERSIM_REGISTER(AttentionMethod, "oracle", Oracle, "the prompt tokens that decoding will weigh most: knows the future",
                 {});

}  // namespace
}  // namespace tiersim
