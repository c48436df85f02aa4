// Every attention method against the contract of sim/attention/method.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "sim/attention/layer_replay.hpp"
#include "sim/attention/replay.hpp"
#include "tests/support/attention_recordings.hpp"
#include "tests/support/policies.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

/// Looks at the cache after each call to the method.
class Watcher final : public LayerMethod {
 public:
  explicit Watcher(LayerMethod& inner) : inner_(inner) {}
  void on_prompt(const PromptView& prompt, CacheEditor& cache) override {
    inner_.on_prompt(prompt, cache);
    look(cache, static_cast<Position>(prompt.shape().prompt));
  }
  void on_step(const StepView& step, CacheEditor& cache) override {
    inner_.on_step(step, cache);
    for (auto& held : held_) held.insert(step.position);
    look(cache, step.position + 1);
  }
  std::vector<std::vector<Position>> history;

 private:
  void look(const CacheEditor& cache, Position end) {
    held_.resize(cache.sets());
    for (std::size_t set = 0; set < cache.sets(); ++set) {
      const auto slots = cache.slots(set);
      CHECK(std::is_sorted(slots.begin(), slots.end()));
      CHECK(std::adjacent_find(slots.begin(), slots.end()) == slots.end());
      for (Position p : slots) {
        CHECK(p < end);
        if (!first_) CHECK(held_[set].contains(p));  // what is gone stays gone
      }
      held_[set] = {slots.begin(), slots.end()};
      history.emplace_back(slots.begin(), slots.end());
    }
    first_ = false;
  }

  LayerMethod& inner_;
  bool first_ = true;
  std::vector<std::set<Position>> held_;
};

std::vector<std::vector<Position>> history_of(std::string_view name, const RecordingInMemory& source,
                                              std::int64_t budget) {
  const traces::AttentionShape& shape = source.shape();
  const traces::AttentionLayer layer = source.load(1);
  const std::vector<HeadWeights> weights = weights_of(shape, layer);
  const auto method =
      Registry<AttentionMethod>::instance().make(name, {shape, budget, default_parameters<AttentionMethod>(name), 1});
  const auto inner = method->layer(1);
  Watcher watcher(*inner);
  static_cast<void>(LayerReplay(shape, layer, weights, {}).run(watcher, method->scope()));
  return watcher.history;
}

}  // namespace

TEST_CASE("does every attention method keep what it may, the same each time, at any budget?") {
  const RecordingInMemory source = random_recording(4, small_attention());
  for (const std::string_view name : Registry<AttentionMethod>::instance().names()) {
    for (const std::int64_t budget : {0, 1, 7, 40, 41, 52, 1000}) {
      CAPTURE(name);
      CAPTURE(budget);
      CHECK(history_of(name, source, budget) == history_of(name, source, budget));
      if (budget >= 52) CHECK(history_of(name, source, budget).back().size() == 52);  // there is room for all
    }
  }
}

TEST_CASE("does no method but those that say so look at rows that are still to come?") {
  const traces::AttentionShape shape = small_attention();
  const RecordingInMemory source = random_recording(4, shape);
  // The same recording, with the queries of the last three steps drawn anew.
  std::vector<traces::AttentionLayer> layers;
  Rng rng(77);
  for (std::int64_t l = 0; l < shape.layers; ++l) {
    traces::AttentionLayer layer = source.load(l);
    for (std::int64_t h = 0; h < shape.heads; ++h)
      for (std::int64_t i = (h * shape.rows() + shape.rows() - 3) * shape.head_size;
           i < (h + 1) * shape.rows() * shape.head_size; ++i)
        layer.q[static_cast<std::size_t>(i)] = static_cast<float>(rng.normal());
    layers.push_back(std::move(layer));
  }
  const RecordingInMemory other(shape, std::move(layers));
  for (const std::string_view name : Registry<AttentionMethod>::instance().names()) {
    const auto method =
        Registry<AttentionMethod>::instance().make(name, {shape, 12, default_parameters<AttentionMethod>(name), 1});
    CAPTURE(name);
    const auto one = history_of(name, source, 12), two = history_of(name, other, 12);
    const std::size_t sets = one.size() / static_cast<std::size_t>(shape.steps + 1);
    const std::size_t same = sets * static_cast<std::size_t>(shape.steps + 1 - 3);
    const bool alike = std::equal(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(same), two.begin());
    CHECK((alike || method->needs().has(Need::future)));
  }
}
