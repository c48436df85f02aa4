#pragma once
/// A way of keeping less than the whole KV cache: which positions stay, layer by layer.
///
/// Called by the attention replay. A method is made once for a replay and makes a LayerMethod for each layer. If it
/// surveys, it sees every layer's prompt first (survey(), any order, several at once for different layers; then
/// allocate()), so that budgets can differ by layer; the layers are then replayed, several at once. A LayerMethod gets
/// the prompt once it has been computed with the full cache, then each decoded token after its attention was read: the
/// token is in every set by then. It changes what is kept through the editor alone.
///
/// What it may see is causal and what it kept: weights of decoded rows are those of a softmax over the slots that are
/// still held (SEMANTICS: rows restricted and renormalised). Weights of the prompt are the full cache's. Positions are
/// of the sequence, from 0. Ties between equal scores go to the lower position.
///
/// Setup::budget is what each index set may keep on average over layers and sets after the prompt, in tokens; what a
/// method makes of it (generated tokens on top, ragged heads) its file says. Deterministic: randomness only from an Rng
/// seeded by the setup and the layer.
#include <cstdint>
#include <memory>
#include <span>

#include "sim/attention/cache_editor.hpp"
#include "sim/attention/weights.hpp"
#include "sim/core/parameters.hpp"

namespace tiersim {

/// What a method needs of the recording beside decoded rows.
enum class Need : std::uint8_t { window = 1, column_sums = 2, queries = 4, keys = 8, values = 16, future = 32 };
class Needs {
 public:
  constexpr Needs() = default;
  constexpr Needs(Need need) : bits_(static_cast<std::uint8_t>(need)) {}
  friend constexpr Needs operator|(Needs a, Needs b) { return Needs(static_cast<std::uint8_t>(a.bits_ | b.bits_)); }
  [[nodiscard]] constexpr bool has(Need need) const { return (bits_ & static_cast<std::uint8_t>(need)) != 0; }

 private:
  constexpr explicit Needs(std::uint8_t bits) : bits_(bits) {}
  std::uint8_t bits_ = 0;
};
constexpr Needs operator|(Need a, Need b) { return Needs(a) | Needs(b); }

/// A layer's prompt.
class PromptView {
 public:
  PromptView(const traces::AttentionShape& shape, const traces::AttentionLayer& layer,
             std::span<const HeadWeights> weights)
      : shape_(shape), layer_(layer), weights_(weights) {}
  [[nodiscard]] const traces::AttentionShape& shape() const { return shape_; }
  /// Weights of window row i (0: the first of the window) on the keys that it sees.
  [[nodiscard]] std::span<const float> window_row(std::int64_t head, std::int64_t i) const {
    return weights_[static_cast<std::size_t>(head)].row(i);
  }
  [[nodiscard]] std::span<const float> column_sums(std::int64_t head) const {
    return part(layer_.column_sums, head, shape_.prompt);
  }
  [[nodiscard]] std::span<const float> key(std::int64_t kv_head, Position position) const {
    return part(layer_.k, kv_head * shape_.tokens() + position, shape_.head_size);
  }
  [[nodiscard]] std::span<const float> value(std::int64_t kv_head, Position position) const {
    return part(layer_.v, kv_head * shape_.tokens() + position, shape_.head_size);
  }
  /// The whole recorded rows, future included: for methods that need Need::future and say so.
  [[nodiscard]] std::span<const float> future_row(std::int64_t head, std::int64_t row) const {
    return weights_[static_cast<std::size_t>(head)].row(row);
  }

 private:
  static std::span<const float> part(const std::vector<float>& all, std::int64_t index, std::int64_t length) {
    return std::span(all).subspan(static_cast<std::size_t>(index * length), static_cast<std::size_t>(length));
  }

  const traces::AttentionShape& shape_;
  const traces::AttentionLayer& layer_;
  std::span<const HeadWeights> weights_;
};

/// A decoded token, after its attention was read.
struct StepView {
  std::int64_t step = 0;
  Position position = 0;
  /// By head: weights on the slots of its set, in their order, that token's own last; they sum to 1.
  std::span<const std::vector<float>> weights;
};

class LayerMethod {
 public:
  virtual ~LayerMethod() = default;
  virtual void on_prompt(const PromptView& prompt, CacheEditor& cache) = 0;
  virtual void on_step(const StepView&, CacheEditor&) {}
};

struct AttentionSetup {
  traces::AttentionShape shape{};
  std::int64_t budget = 0;  ///< tokens
  Parameters parameters{};
  std::uint64_t seed = 0;
};

class AttentionMethod {
 public:
  using Setup = AttentionSetup;
  virtual ~AttentionMethod() = default;
  [[nodiscard]] virtual Scope scope() const = 0;
  [[nodiscard]] virtual Needs needs() const { return {}; }
  [[nodiscard]] virtual bool surveys() const { return false; }
  virtual void survey(std::int64_t /*layer*/, const PromptView&) {}
  virtual void allocate() {}
  [[nodiscard]] virtual std::unique_ptr<LayerMethod> layer(std::int64_t layer) const = 0;
};

}  // namespace tiersim
