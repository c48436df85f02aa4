// Methods against plain loops in double precision: the same positions, step by step, on small random recordings.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "sim/attention/layer_replay.hpp"
#include "tests/support/attention_recordings.hpp"
#include "tests/support/policies.hpp"

using namespace tiersim;
using namespace tiersim::tests;

namespace {

using Held = std::set<Position>;

/// A recording seen without any of the code under test: weights as softmax(q k / sqrt(d)) over a set of positions.
struct Naive {
  const traces::AttentionShape& s;
  const traces::AttentionLayer& layer;

  [[nodiscard]] std::vector<double> weights(std::int64_t head, std::int64_t row, const Held& held) const {
    std::vector<double> out(static_cast<std::size_t>(s.tokens()));
    double sum = 0;
    for (Position p : held) {
      double logit = 0;
      for (std::int64_t c = 0; c < s.head_size; ++c)
        logit += static_cast<double>(layer.q[static_cast<std::size_t>((head * s.rows() + row) * s.head_size + c)]) *
                 static_cast<double>(
                     layer.k[static_cast<std::size_t>((head / s.group() * s.tokens() + p) * s.head_size + c)]);
      sum += out[p] = std::exp(logit / std::sqrt(static_cast<double>(s.head_size)));
    }
    for (double& w : out) w /= sum;
    return out;
  }
  [[nodiscard]] Held all(std::int64_t tokens) const {
    Held out;
    for (std::int64_t p = 0; p < tokens; ++p) out.insert(static_cast<Position>(p));
    return out;
  }
};

/// The `count` of `among` with the highest scores, of equal ones the first.
Held best(const Held& among, std::size_t count, const std::vector<double>& scores) {
  std::vector<Position> order(among.begin(), among.end());
  std::stable_sort(order.begin(), order.end(), [&](Position a, Position b) { return scores[a] > scores[b]; });
  order.resize(std::min(count, order.size()));
  return {order.begin(), order.end()};
}

/// What each query head holds after the prompt and after each step.
using History = std::vector<std::vector<Held>>;

class Recorder final : public LayerMethod {
 public:
  explicit Recorder(LayerMethod& inner) : inner_(inner) {}
  void on_prompt(const PromptView& prompt, CacheEditor& cache) override {
    inner_.on_prompt(prompt, cache);
    note(cache);
  }
  void on_step(const StepView& step, CacheEditor& cache) override {
    inner_.on_step(step, cache);
    note(cache);
  }
  History history;

 private:
  void note(const CacheEditor& cache) {
    std::vector<Held>& now = history.emplace_back();
    for (std::int64_t h = 0; h < cache.shape().heads; ++h) {
      const auto slots = cache.slots(cache.set_of(h));
      now.emplace_back(slots.begin(), slots.end());
    }
  }
  LayerMethod& inner_;
};

History replayed(const RecordingInMemory& source, const char* name, const Parameters& parameters, std::int64_t budget) {
  const traces::AttentionShape& shape = source.shape();
  const traces::AttentionLayer layer = source.load(0);
  const std::vector<HeadWeights> weights = weights_of(shape, layer);
  const auto method = Registry<AttentionMethod>::instance().make(name, {shape, budget, parameters, 1});
  const auto inner = method->layer(0);
  Recorder recorder(*inner);
  static_cast<void>(LayerReplay(shape, layer, weights, {}).run(recorder, method->scope()));
  return recorder.history;
}

History streaming(const Naive& n, std::int64_t budget, std::int64_t sinks) {
  History history;
  Held held = n.all(n.s.prompt);
  for (std::int64_t step = -1; step < n.s.steps; ++step) {
    if (step >= 0) held.insert(static_cast<Position>(n.s.prompt + step));
    while (static_cast<std::int64_t>(held.size()) > budget)
      held.erase(*std::next(held.begin(), std::min(sinks, budget)));
    history.emplace_back(static_cast<std::size_t>(n.s.heads), held);
  }
  return history;
}

History tova(const Naive& n, std::size_t budget) {
  History history;
  Held held = n.all(n.s.prompt);
  for (std::int64_t step = -1; step < n.s.steps; ++step) {
    if (step >= 0) held.insert(static_cast<Position>(n.s.prompt + step));
    std::vector<double> mean(static_cast<std::size_t>(n.s.tokens()));
    for (std::int64_t h = 0; h < n.s.heads; ++h) {
      const std::vector<double> row = n.weights(h, n.s.window + step, held);
      for (std::size_t p = 0; p < row.size(); ++p) mean[p] += row[p] / static_cast<double>(n.s.heads);
    }
    held = best(held, budget, mean);
    history.emplace_back(static_cast<std::size_t>(n.s.heads), held);
  }
  return history;
}

History h2o(const Naive& n, std::size_t budget, std::size_t recent) {
  History history(static_cast<std::size_t>(n.s.steps + 1), std::vector<Held>(static_cast<std::size_t>(n.s.heads)));
  for (std::int64_t h = 0; h < n.s.heads; ++h) {
    Held held = n.all(n.s.prompt);
    std::vector<double> sums(static_cast<std::size_t>(n.s.tokens()));
    for (std::int64_t p = 0; p < n.s.prompt; ++p)
      sums[static_cast<std::size_t>(p)] =
          static_cast<double>(n.layer.column_sums[static_cast<std::size_t>(h * n.s.prompt + p)]);
    for (std::int64_t step = -1; step < n.s.steps; ++step) {
      if (step >= 0) {
        held.insert(static_cast<Position>(n.s.prompt + step));
        const std::vector<double> row = n.weights(h, n.s.window + step, held);
        for (std::size_t p = 0; p < row.size(); ++p) sums[p] += row[p];
      }
      if (held.size() > budget) {
        Held newest, older = held;
        while (newest.size() < recent) newest.insert(*older.rbegin()), older.erase(*older.rbegin());
        held = best(older, budget - recent, sums);
        held.insert(newest.begin(), newest.end());
      }
      history[static_cast<std::size_t>(step + 1)][static_cast<std::size_t>(h)] = held;
    }
  }
  return history;
}

History snapkv(const Naive& n, std::int64_t budget, std::int64_t window, std::int64_t kernel, bool by_maximum) {
  History history(static_cast<std::size_t>(n.s.steps + 1), std::vector<Held>(static_cast<std::size_t>(n.s.heads)));
  for (std::int64_t h = 0; h < n.s.heads; ++h) {
    Held held = n.all(n.s.prompt);
    const std::int64_t past = n.s.prompt - window;
    std::vector<double> votes(static_cast<std::size_t>(n.s.tokens())), pooled(votes.size());
    for (std::int64_t row = n.s.window - window; row < n.s.window; ++row) {
      const std::vector<double> w = n.weights(h, row, n.all(n.s.keys_of(row)));
      for (std::size_t p = 0; p < w.size(); ++p) votes[p] += w[p];
    }
    for (std::int64_t p = 0; p < past; ++p) {
      double sum = 0, most = 0;
      for (std::int64_t j = std::max<std::int64_t>(0, p - kernel / 2); j <= std::min(past - 1, p + kernel / 2); ++j) {
        sum += votes[static_cast<std::size_t>(j)];
        most = std::max(most, votes[static_cast<std::size_t>(j)]);
      }
      pooled[static_cast<std::size_t>(p)] = by_maximum ? most : sum / static_cast<double>(kernel);
    }
    if (n.s.prompt > budget) {
      held = best(n.all(past), static_cast<std::size_t>(budget - window), pooled);
      for (std::int64_t p = past; p < n.s.prompt; ++p) held.insert(static_cast<Position>(p));
    }
    for (std::int64_t step = -1; step < n.s.steps; ++step) {
      if (step >= 0) held.insert(static_cast<Position>(n.s.prompt + step));
      history[static_cast<std::size_t>(step + 1)][static_cast<std::size_t>(h)] = held;
    }
  }
  return history;
}

/// The pooled votes of the heads of a set.
std::vector<double> votes_of(const Naive& n, const std::vector<std::int64_t>& heads, std::int64_t window,
                             std::int64_t kernel) {
  const std::int64_t past = n.s.prompt - window;
  std::vector<double> votes(static_cast<std::size_t>(past)), pooled(votes.size());
  for (const std::int64_t h : heads)
    for (std::int64_t row = n.s.window - window; row < n.s.window; ++row) {
      const std::vector<double> w = n.weights(h, row, n.all(n.s.keys_of(row)));
      for (std::size_t p = 0; p < votes.size(); ++p) votes[p] += w[p];
    }
  for (std::int64_t p = 0; p < past; ++p)
    for (std::int64_t j = std::max<std::int64_t>(0, p - kernel / 2); j <= std::min(past - 1, p + kernel / 2); ++j)
      pooled[static_cast<std::size_t>(p)] =
          std::max(pooled[static_cast<std::size_t>(p)], votes[static_cast<std::size_t>(j)]);
  return pooled;
}

/// What AdaKV keeps after the prompt, by KV head: one pair of (score, head, position) after the other.
std::vector<Held> adakv(const Naive& n, std::int64_t budget, std::int64_t window, std::int64_t kernel, double floor) {
  const std::int64_t past = n.s.prompt - window, base = budget - window;
  std::vector<std::vector<double>> scores;
  struct Entry {
    double score;
    std::int64_t head;
  };
  std::vector<Entry> all;
  for (std::int64_t g = 0; g < n.s.kv_heads; ++g) {
    std::vector<std::int64_t> heads;
    for (std::int64_t h = g * n.s.group(); h < (g + 1) * n.s.group(); ++h) heads.push_back(h);
    scores.push_back(votes_of(n, heads, window, kernel));
    for (double score : scores.back()) all.push_back({score, g});
  }
  std::stable_sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) { return a.score > b.score; });
  std::vector<Held> out;
  for (std::int64_t g = 0; g < n.s.kv_heads; ++g) {
    std::int64_t mine = 0;
    for (std::int64_t i = 0; i < n.s.kv_heads * base; ++i) mine += all[static_cast<std::size_t>(i)].head == g;
    const auto share = static_cast<std::size_t>(
        std::nearbyint(static_cast<double>(mine) * (1 - floor) + std::floor(static_cast<double>(base) * floor)));
    Held held = best(n.all(past), share, scores[static_cast<std::size_t>(g)]);
    for (std::int64_t p = past; p < n.s.prompt; ++p) held.insert(static_cast<Position>(p));
    out.push_back(held);
  }
  return out;
}

Parameters snapkv_parameters(double window, double kernel, const char* pool) {
  Parameters parameters;
  parameters.add({"window", window, ""});
  parameters.add({"kernel", kernel, ""});
  parameters.add({"pool", 0, pool});
  parameters.add({"heads", 0, "query"});
  return parameters;
}

void on_recordings(const std::function<void(const RecordingInMemory&, const Naive&)>& test) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    const RecordingInMemory source = random_recording(40 + seed, small_attention());
    const traces::AttentionLayer layer = source.load(0);
    test(source, Naive{source.shape(), layer});
  }
}

}  // namespace

TEST_CASE("does StreamingLLM keep the sinks and the window that plain loops keep?") {
  on_recordings([](const RecordingInMemory& source, const Naive& naive) {
    for (const std::int64_t budget : {2, 4, 9, 30})
      CHECK(replayed(source, "streaming_llm", default_parameters<AttentionMethod>("streaming_llm"), budget) ==
            streaming(naive, budget, 4));
  });
}

TEST_CASE("does TOVA keep what plain loops keep?") {
  on_recordings([](const RecordingInMemory& source, const Naive& naive) {
    for (const std::int64_t budget : {1, 6, 20})
      CHECK(replayed(source, "tova", {}, budget) == tova(naive, static_cast<std::size_t>(budget)));
  });
}

TEST_CASE("does H2O keep what plain loops keep?") {
  on_recordings([](const RecordingInMemory& source, const Naive& naive) {
    for (const std::int64_t budget : {2, 8, 21})
      CHECK(replayed(source, "h2o", default_parameters<AttentionMethod>("h2o"), budget) ==
            h2o(naive, static_cast<std::size_t>(budget), static_cast<std::size_t>(budget / 2)));
  });
}

TEST_CASE("does SnapKV keep what plain loops keep?") {
  on_recordings([](const RecordingInMemory& source, const Naive& naive) {
    for (const std::int64_t budget : {8, 15, 33}) {
      CHECK(replayed(source, "snapkv", snapkv_parameters(6, 3, "max"), budget) == snapkv(naive, budget, 6, 3, true));
      CHECK(replayed(source, "snapkv", snapkv_parameters(5, 5, "average"), budget) ==
            snapkv(naive, budget, 5, 5, false));
    }
  });
}

TEST_CASE("does AdaKV keep what plain loops keep?") {
  on_recordings([](const RecordingInMemory& source, const Naive& naive) {
    for (const std::int64_t budget : {9, 16, 30}) {
      Parameters parameters;
      for (const auto& [name, number] : {std::pair{"floor", 0.2}, {"window", 6.0}, {"kernel", 3.0}})
        parameters.add({name, number, ""});
      parameters.add({"pool", 0, "max"});
      const std::vector<Held> expected = adakv(naive, budget, 6, 3, 0.2);
      const History history = replayed(source, "adakv", parameters, budget);
      for (std::int64_t h = 0; h < source.shape().heads; ++h)
        CHECK(history[0][static_cast<std::size_t>(h)] ==
              expected[static_cast<std::size_t>(h / source.shape().group())]);
    }
  });
}

TEST_CASE("does PyramidKV give each layer the budget of the formula, and keep SnapKV's choice of it?") {
  traces::AttentionShape shape = small_attention();
  shape.prompt = 100;
  const RecordingInMemory source = random_recording(70, shape);
  Parameters parameters = snapkv_parameters(6, 3, "max");
  parameters.add({"beta", 5, ""});
  const auto method = Registry<AttentionMethod>::instance().make("pyramidkv", {shape, 26, parameters, 1});
  // 20 beside the window: 4 in the last of three layers, 36 in the first, 20 between.
  const std::size_t past[] = {36, 20, 4};
  for (std::int64_t l = 0; l < 3; ++l) {
    const traces::AttentionLayer layer = source.load(l);
    const std::vector<HeadWeights> weights = weights_of(shape, layer);
    const auto inner = method->layer(l);
    Recorder recorder(*inner);
    static_cast<void>(LayerReplay(shape, layer, weights, {}).run(recorder, method->scope()));
    const Naive naive{shape, layer};
    const History expected = snapkv(naive, static_cast<std::int64_t>(past[l]) + 6, 6, 3, true);
    CHECK(recorder.history == expected);
  }
}

TEST_CASE("do scores of keys alone keep the shortest, and the least like the others?") {
  on_recordings([](const RecordingInMemory& source, const Naive& n) {
    const History shortest = replayed(source, "knorm", {}, 10), different = replayed(source, "keydiff", {}, 10);
    for (std::int64_t g = 0; g < n.s.kv_heads; ++g) {
      std::vector<double> shortness(static_cast<std::size_t>(n.s.prompt)), unlike(shortness.size()), mean(8);
      const auto key = [&](std::int64_t p, std::size_t c) {
        return static_cast<double>(n.layer.k[static_cast<std::size_t>((g * n.s.tokens() + p) * n.s.head_size) + c]);
      };
      for (int pass = 0; pass < 2; ++pass)
        for (std::int64_t p = 0; p < n.s.prompt; ++p) {
          double squares = 0, product = 0;
          for (std::size_t c = 0; c < mean.size(); ++c) squares += key(p, c) * key(p, c);
          for (std::size_t c = 0; c < mean.size(); ++c) {
            if (pass == 0) mean[c] += key(p, c) / std::sqrt(squares) / static_cast<double>(n.s.prompt);
            product += mean[c] * key(p, c);
          }
          shortness[static_cast<std::size_t>(p)] = -std::sqrt(squares);
          unlike[static_cast<std::size_t>(p)] = -product / std::sqrt(squares);
        }
      const auto head = static_cast<std::size_t>(g * n.s.group());
      CHECK(shortest[0][head] == best(n.all(n.s.prompt), 10, shortness));
      CHECK(different[0][head] == best(n.all(n.s.prompt), 10, unlike));
    }
  });
}
