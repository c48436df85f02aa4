#include "sim/attention/layer_replay.hpp"

#include <algorithm>
#include <cmath>

#include "sim/core/single_precision.hpp"

namespace tiersim {

float LayerReplay::restrict_row(std::int64_t head, std::int64_t step, std::span<const Position> slots,
                                std::vector<float>& weights) const {
  const std::span<const float> full = weights_[static_cast<std::size_t>(head)].row(shape_.window + step);
  weights.resize(slots.size());
  for (std::size_t i = 0; i < slots.size(); ++i) weights[i] = full[slots[i]];
  const float held = sum_of(weights);
  if (held > 0) {
    const float scale = 1 / held;
    for (float& w : weights) w *= scale;
  }
  return std::min(1.0F, held);
}

float LayerReplay::output_error(std::int64_t head, std::int64_t step, std::span<const Position> slots,
                                std::span<const float> weights) const {
  const float* values = layer_.v.data() + head / shape_.group() * shape_.tokens() * shape_.head_size;
  const std::vector<float> out =
      weighted_sum(weights, slots, {values, shape_.tokens(), shape_.head_size, shape_.head_size});
  const float* full = outputs_.data() + (head * shape_.steps + step) * shape_.head_size;
  double off = 0, whole = 0;
  for (std::size_t c = 0; c < out.size(); ++c) {
    const double exact = static_cast<double>(full[c]), difference = exact - static_cast<double>(out[c]);
    off += difference * difference;
    whole += exact * exact;
  }
  return whole > 0 ? static_cast<float>(std::sqrt(off / whole)) : 0.0F;
}

LayerMeasures LayerReplay::run(LayerMethod& method, Scope scope) const {
  CacheEditor cache(shape_, scope);
  LayerMeasures out;
  const auto rows = static_cast<std::size_t>(shape_.heads * shape_.steps);
  out.recall.resize(rows);
  if (!outputs_.empty()) out.output_error.resize(rows);
  method.on_prompt(PromptView(shape_, layer_, weights_), cache);
  out.after_prompt = cache.stored();
  std::vector<std::vector<float>> weights(static_cast<std::size_t>(shape_.heads));
  for (std::int64_t step = 0; step < shape_.steps; ++step) {
    const auto position = static_cast<Position>(shape_.prompt + step);
    cache.append(position);
    for (std::int64_t head = 0; head < shape_.heads; ++head) {
      const std::span<const Position> slots = cache.slots(cache.set_of(head));
      std::vector<float>& row = weights[static_cast<std::size_t>(head)];
      const auto at = static_cast<std::size_t>(head * shape_.steps + step);
      out.recall[at] = restrict_row(head, step, slots, row);
      if (!outputs_.empty()) out.output_error[at] = output_error(head, step, slots, row);
    }
    method.on_step({step, position, weights}, cache);
  }
  out.at_end = cache.stored();
  out.peak = cache.peak();
  return out;
}

}  // namespace tiersim
