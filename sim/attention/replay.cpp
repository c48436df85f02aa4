#include "sim/attention/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/attention/layer_replay.hpp"
#include "sim/core/diagnostics.hpp"
#include "sim/core/parallel.hpp"
#include "sim/core/registry.hpp"
#include "sim/core/single_precision.hpp"

namespace tiersim {
namespace {

/// What the full cache gives each decoded row: [heads][steps][head_size]; empty without values.
std::vector<float> outputs_of(const traces::AttentionShape& s, const traces::AttentionLayer& layer,
                              std::span<const HeadWeights> weights) {
  if (layer.v.empty() || s.steps == 0) return {};
  std::vector<float> out(static_cast<std::size_t>(s.heads * s.steps * s.head_size));
  for (std::int64_t head = 0; head < s.heads; ++head) {
    // Rows of weights lie behind each other, zero beyond what they see.
    const float* rows = weights[static_cast<std::size_t>(head)].row(s.window).data();
    const float* values = layer.v.data() + head / s.group() * s.tokens() * s.head_size;
    multiply({rows, s.steps, s.tokens(), s.tokens()}, {values, s.tokens(), s.head_size, s.head_size},
             {out.data() + head * s.steps * s.head_size, s.steps, s.head_size, s.head_size});
  }
  return out;
}

struct LoadedLayer {
  LoadedLayer(const traces::AttentionSource& source, std::int64_t number)
      : data(source.load(number)), weights(weights_of(source.shape(), data)) {}
  traces::AttentionLayer data;
  std::vector<HeadWeights> weights;
};

void require(const traces::AttentionShape& shape, const traces::AttentionLayer& layer, const std::string& name,
             const AttentionMethod& method) {
  const auto lacks = [&](Need need, bool there, const char* what) {
    if (method.needs().has(need) && !there)
      throw BadInput(fmt::format("method '{}' needs {}, which the recording does not have", name, what));
  };
  lacks(Need::window, shape.window > 0, "attention of the prompt's last tokens (a window)");
  lacks(Need::column_sums, !layer.column_sums.empty(), "column sums of the prompt's attention");
  lacks(Need::queries, !layer.q.empty(), "queries");
  lacks(Need::keys, !layer.k.empty(), "keys");
  lacks(Need::values, !layer.v.empty(), "values");
}

AttentionResult empty_result(const traces::AttentionShape& s) {
  AttentionResult result;
  result.shape = s;
  result.recall.resize(static_cast<std::size_t>(s.layers * s.heads * s.steps));
  for (auto* bytes : {&result.after_prompt, &result.at_end, &result.peak})
    bytes->resize(static_cast<std::size_t>(s.layers));
  result.full = Bytes(s.layers * s.kv_heads * s.tokens() * 2 * s.head_size * 2);
  return result;
}

void take(AttentionResult& result, std::int64_t number, const LayerMeasures& measures) {
  const auto layer = static_cast<std::size_t>(number);
  const auto begin = static_cast<std::ptrdiff_t>(layer * measures.recall.size());
  std::copy(measures.recall.begin(), measures.recall.end(), result.recall.begin() + begin);
  std::copy(measures.output_error.begin(), measures.output_error.end(),
            result.output_error.empty() ? result.output_error.begin() : result.output_error.begin() + begin);
  result.after_prompt[layer] = measures.after_prompt;
  result.at_end[layer] = measures.at_end;
  result.peak[layer] = measures.peak;
}

double mean(std::span<const float> values) {
  double sum = 0;
  for (float v : values) sum += static_cast<double>(v);
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

}  // namespace

std::vector<AttentionResult> replay_attention(const traces::AttentionSource& source, std::span<const AttentionRun> runs,
                                              std::size_t threads) {
  const traces::AttentionShape& shape = source.shape();
  std::vector<std::unique_ptr<AttentionMethod>> methods;
  std::vector<AttentionResult> results;
  bool survey = false;
  const traces::AttentionLayer sample = source.load(0);
  for (const AttentionRun& run : runs) {
    methods.push_back(Registry<AttentionMethod>::instance().make(run.method.name,
                                                                 {shape, run.budget, run.method.parameters, run.seed}));
    require(shape, sample, run.method.name, *methods.back());
    results.push_back(empty_result(shape));
    if (!sample.v.empty()) results.back().output_error.resize(results.back().recall.size());
    survey |= methods.back()->surveys();
  }
  const auto layers = static_cast<std::size_t>(shape.layers);
  if (survey) {
    for_each_index(layers, threads, [&](std::size_t l) {
      const LoadedLayer layer(source, static_cast<std::int64_t>(l));
      for (const auto& method : methods)
        if (method->surveys())
          method->survey(static_cast<std::int64_t>(l), PromptView(shape, layer.data, layer.weights));
    });
    for (const auto& method : methods)
      if (method->surveys()) method->allocate();
  }
  for_each_index(layers, threads, [&](std::size_t l) {
    const LoadedLayer layer(source, static_cast<std::int64_t>(l));
    const std::vector<float> outputs = outputs_of(shape, layer.data, layer.weights);
    const LayerReplay replay(shape, layer.data, layer.weights, outputs);
    for (std::size_t i = 0; i < methods.size(); ++i) {
      const auto method = methods[i]->layer(static_cast<std::int64_t>(l));
      take(results[i], static_cast<std::int64_t>(l), replay.run(*method, methods[i]->scope()));
    }
  });
  return results;
}

double AttentionResult::mean_recall() const { return mean(recall); }
double AttentionResult::mean_output_error() const { return mean(output_error); }
double AttentionResult::least_recall() const {
  return recall.empty() ? 0 : static_cast<double>(*std::min_element(recall.begin(), recall.end()));
}

double AttentionResult::recall_percentile(double share) const {
  if (recall.empty()) return 0;
  std::vector<float> sorted = recall;
  const auto at = std::max<std::ptrdiff_t>(
      0, static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(sorted.size()))) - 1);
  std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
  return static_cast<double>(sorted[static_cast<std::size_t>(at)]);
}

}  // namespace tiersim
