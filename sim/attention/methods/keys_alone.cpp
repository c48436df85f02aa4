// Scores that look at keys alone, once after the prompt; generated tokens are kept on top, index sets are by KV head.
//
//   knorm     the shortest keys stay (Devoto et al., 2024: keys of small norm draw the most weight)
//   keydiff   the keys least like the mean of all directions stay (KeyDiff, 2025)
#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/attention/method.hpp"
#include "sim/attention/scores.hpp"
#include "sim/core/registry.hpp"

namespace tiersim {
namespace {

double length(std::span<const float> v) {
  double squares = 0;
  for (const float x : v) squares += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(squares);
}

/// Scores of a KV head's prompt keys.
using Score = std::vector<float> (*)(const PromptView& prompt, std::int64_t kv_head);

std::vector<float> shortness(const PromptView& prompt, std::int64_t kv_head) {
  std::vector<float> scores;
  for (std::int64_t p = 0; p < prompt.shape().prompt; ++p)
    scores.push_back(static_cast<float>(-length(prompt.key(kv_head, static_cast<Position>(p)))));
  return scores;
}

std::vector<float> difference(const PromptView& prompt, std::int64_t kv_head) {
  const traces::AttentionShape& shape = prompt.shape();
  std::vector<double> mean(static_cast<std::size_t>(shape.head_size));
  const auto each = [&](auto visit) {
    for (std::int64_t p = 0; p < shape.prompt; ++p) {
      const auto key = prompt.key(kv_head, static_cast<Position>(p));
      visit(key, std::max(1e-12, length(key)));
    }
  };
  each([&](std::span<const float> key, double size) {
    for (std::size_t c = 0; c < mean.size(); ++c) mean[c] += static_cast<double>(key[c]) / size;
  });
  std::vector<float> scores;
  each([&](std::span<const float> key, double size) {
    double product = 0;
    for (std::size_t c = 0; c < mean.size(); ++c) product += mean[c] * static_cast<double>(key[c]);
    scores.push_back(static_cast<float>(-product / size));  // the mean's own length changes no order
  });
  return scores;
}

class KeysLayer final : public LayerMethod {
 public:
  KeysLayer(std::size_t budget, Score score) : budget_(budget), score_(score) {}
  void on_prompt(const PromptView& prompt, CacheEditor& cache) override {
    for (std::size_t set = 0; set < cache.sets(); ++set)
      cache.keep(set, top(score_(prompt, static_cast<std::int64_t>(set)), budget_));
  }

 private:
  std::size_t budget_;
  Score score_;
};

template <Score kScore>
class KeysAlone final : public AttentionMethod {
 public:
  explicit KeysAlone(const AttentionSetup& setup)
      : budget_(static_cast<std::size_t>(std::max<std::int64_t>(0, setup.budget))) {}
  [[nodiscard]] Scope scope() const override { return Scope::kv_head; }
  [[nodiscard]] Needs needs() const override { return Need::keys; }
  [[nodiscard]] std::unique_ptr<LayerMethod> layer(std::int64_t) const override {
    return std::make_unique<KeysLayer>(budget_, kScore);
  }

 private:
  std::size_t budget_;
};

using KNorm = KeysAlone<shortness>;
using KeyDiff = KeysAlone<difference>;
TIERSIM_REGISTER(AttentionMethod, "knorm", KNorm, "the shortest keys (Devoto et al., 2024)", {});
TIERSIM_REGISTER(AttentionMethod, "keydiff", KeyDiff, "the keys least like the others (KeyDiff, 2025)", {});

}  // namespace
}  // namespace tiersim
