// StreamingLLM (Xiao et al., ICLR'24) and plain sliding windows: the first `sinks` tokens and the last ones stay, as
// many as the budget has in all; every new token pushes the oldest of the window out. Departs from StreamingLLM in
// leaving positions as they were recorded: the paper numbers them anew by their place in the cache, which weights of
// rotated keys cannot show.
#include <vector>

#include "sim/attention/method.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

class SinksAndWindow final : public LayerMethod {
 public:
  SinksAndWindow(std::int64_t sinks, std::int64_t budget) : sinks_(sinks), budget_(budget) {}
  void on_prompt(const PromptView&, CacheEditor& cache) override { trim(cache); }
  void on_step(const StepView&, CacheEditor& cache) override { trim(cache); }

 private:
  void trim(CacheEditor& cache) const {
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      const auto slots = cache.slots(set);
      const auto held = static_cast<std::int64_t>(slots.size());
      if (held <= budget_) continue;
      const std::int64_t sinks = std::min(sinks_, budget_);
      std::vector<Position> kept(slots.begin(), slots.begin() + sinks);
      kept.insert(kept.end(), slots.end() - (budget_ - sinks), slots.end());
      cache.keep(set, kept);
    }
  }

  std::int64_t sinks_, budget_;
};

template <bool kSinks>
class Streaming final : public AttentionMethod {
 public:
  explicit Streaming(const AttentionSetup& setup)
      : sinks_(kSinks ? static_cast<std::int64_t>(setup.parameters.number("sinks")) : 0), budget_(setup.budget) {}
  [[nodiscard]] Scope scope() const override { return Scope::layer; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t) const override {
    return std::make_unique<SinksAndWindow>(sinks_, budget_);
  }

 private:
  std::int64_t sinks_, budget_;
};

using StreamingLlm = Streaming<true>;
using SlidingWindow = Streaming<false>;
TIERSIM_REGISTER(AttentionMethod, "streaming_llm", StreamingLlm,
                 "the first tokens and the last (StreamingLLM, ICLR'24)",
                 {{"sinks", ParameterKind::tokens, "4 tokens", "from the start, that stay"}});
TIERSIM_REGISTER(AttentionMethod, "sliding_window", SlidingWindow, "the last tokens", {});

}  // namespace
}  // namespace tiersim
