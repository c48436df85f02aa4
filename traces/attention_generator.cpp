#include "traces/attention_generator.hpp"

#include <algorithm>
#include <cmath>

#include "sim/core/mathematics.hpp"
#include "sim/core/rng.hpp"
#include "sim/core/single_precision.hpp"

namespace tiersim::traces {
namespace {

constexpr std::size_t kTopics = 16;
constexpr std::int64_t kSinks = 4;
constexpr double kSentence = 20, kSentencesOfTopic = 10;  // tokens, sentences: means
constexpr double kPareto = 1.4;
constexpr double kNoise = 0.6;         // of a key, as a share of a direction's length
constexpr double kAlike = 0.6;         // correlation of neighbouring tokens' noise
constexpr double kQueriesAlike = 0.8;  // of the noise of queries that follow each other
constexpr std::int64_t kOutliers = 4;  // channels
constexpr std::int64_t kSlash = 7;     // tokens back, at least

using Vector = std::vector<float>;

std::uint64_t mixed(std::uint64_t seed, std::uint64_t a, std::uint64_t b) {
  return Rng(seed ^ (a * 0x9e3779b97f4a7c15ULL) ^ ((b + 1) * 0xbf58476d1ce4e5b9ULL)).next();
}

Vector unit_vector(Rng& rng, std::size_t from, std::size_t size) {
  Vector v(size);
  double squares = 0;
  for (std::size_t c = from; c < size; ++c) {
    v[c] = static_cast<float>(rng.normal());
    squares += static_cast<double>(v[c]) * static_cast<double>(v[c]);
  }
  for (float& x : v) x = static_cast<float>(static_cast<double>(x) / std::sqrt(squares));
  return v;
}

AttentionSequence make_sequence(const AttentionGeneratorSettings& g) {
  AttentionSequence s;
  Rng rng(mixed(g.seed, 1, 0));
  const auto tokens = static_cast<std::size_t>(g.shape.tokens());
  auto topic = static_cast<std::uint16_t>(rng.below(kTopics));
  for (std::size_t j = 0; j < tokens; ++j) {
    if (j == 0 || rng.uniform() < 1 / kSentence) {
      s.sentences.push_back(static_cast<std::int64_t>(j));
      if (rng.uniform() < 1 / kSentencesOfTopic) topic = static_cast<std::uint16_t>(rng.below(kTopics));
    }
    s.topic.push_back(topic);
    const double pareto = power(1 - rng.uniform(), -1 / kPareto);
    const bool begins = s.sentences.back() == static_cast<std::int64_t>(j);
    s.importance.push_back(static_cast<float>(std::min(1e4, pareto * (begins ? 3 : 1))));
  }
  for (std::int64_t n = 0; n < g.needles && g.shape.prompt > 4 * g.needle_tokens; ++n)
    s.needles.push_back(kSinks + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(
                                     g.shape.prompt - g.needle_tokens - g.shape.window - kSinks))));
  s.asked.assign(static_cast<std::size_t>(g.shape.steps), -1);
  for (std::size_t n = 0; n < s.needles.size(); ++n) {
    const auto first =
        static_cast<std::int64_t>(n + 1) * g.shape.steps / static_cast<std::int64_t>(s.needles.size() + 1);
    for (std::int64_t i = 0; i < g.needle_tokens && first + i < g.shape.steps; ++i)
      s.asked[static_cast<std::size_t>(first + i)] = s.needles[n] + i;
  }
  return s;
}

/// A rotation, by products and sums alone: the same bits everywhere.
struct Turn {
  double cosine = 1, sine = 0;
  friend Turn operator*(Turn a, Turn b) {
    return {a.cosine * b.cosine - a.sine * b.sine, a.cosine * b.sine + a.sine * b.cosine};
  }
};

/// By an angle from 0 to 1, by its Taylor series.
Turn turn_by(double angle) {
  Turn turn{0, 0};
  double term = 1;
  for (int n = 0; n < 24; ++n) {
    constexpr int kSigns[4] = {1, 1, -1, -1};
    (n % 2 == 0 ? turn.cosine : turn.sine) += kSigns[n % 4] * term;
    term *= angle / (n + 1);
  }
  return turn;
}

Turn times(Turn turn, std::int64_t n) {
  if (n < 0) return times({turn.cosine, -turn.sine}, -n);
  Turn out;
  for (; n > 0; n /= 2, turn = turn * turn)
    if (n % 2 == 1) out = out * turn;
  return out;
}

/// What a KV head's vectors are made of in one layer.
struct Directions {
  std::vector<Vector> topics;
  Vector important, sink, needle;
  std::vector<Turn> turns;            // a token, of the pairs of channels that say where it is
  std::vector<std::size_t> outliers;  // channels
  std::vector<float> scales;          // of these
  std::size_t places = 0;             // channels of those pairs
};

/// Directions drift from layer to layer; the first is drawn, each later one a mixture of the one before and a fresh
/// one.
Directions directions_of(const AttentionGeneratorSettings& g, std::int64_t layer, std::int64_t kv_head) {
  const auto size = static_cast<std::size_t>(g.shape.head_size);
  Directions d;
  d.places = size / 4 / 2 * 2;
  const double fresh = std::sqrt(1 - g.layer_similarity * g.layer_similarity);
  const auto drifting = [&](std::uint64_t which) {
    Rng first(mixed(g.seed, 100 + which, static_cast<std::uint64_t>(kv_head)));
    Vector v = unit_vector(first, d.places, size);
    for (std::int64_t l = 1; l <= layer; ++l) {
      Rng rng(mixed(g.seed, 100 + which, static_cast<std::uint64_t>(l * 1000 + kv_head)));
      const Vector other = unit_vector(rng, d.places, size);
      double squares = 0;
      for (std::size_t c = 0; c < size; ++c) {
        v[c] =
            static_cast<float>(g.layer_similarity * static_cast<double>(v[c]) + fresh * static_cast<double>(other[c]));
        squares += static_cast<double>(v[c]) * static_cast<double>(v[c]);
      }
      for (float& x : v) x = static_cast<float>(static_cast<double>(x) / std::sqrt(squares));
    }
    return v;
  };
  for (std::size_t t = 0; t < kTopics; ++t) d.topics.push_back(drifting(t));
  d.important = drifting(kTopics);
  d.sink = drifting(kTopics + 1);
  d.needle = drifting(kTopics + 2);
  for (std::size_t m = 0; m < d.places / 2; ++m)
    d.turns.push_back(turn_by(power(10000, -2.0 * static_cast<double>(m) / static_cast<double>(d.places))));
  Rng rng(mixed(g.seed, 2, static_cast<std::uint64_t>(kv_head)));
  for (std::int64_t i = 0; i < kOutliers; ++i) {
    d.outliers.push_back(rng.below(size));
    d.scales.push_back(static_cast<float>(5 + 15 * rng.uniform()));
  }
  return d;
}

void add(std::span<float> to, const Vector& direction, double by) {
  for (std::size_t c = 0; c < to.size(); ++c) to[c] += static_cast<float>(by) * direction[c];
}

/// Cosine and sine of where a token is, of length `by`: products of two fall with the distance between them.
void add_place(std::span<float> to, const Directions& d, std::int64_t position, double by) {
  const double each = by / std::sqrt(static_cast<double>(d.turns.size()));
  for (std::size_t m = 0; m < d.turns.size(); ++m) {
    const Turn turn = times(d.turns[m], position);
    to[2 * m] += static_cast<float>(each * turn.cosine);
    to[2 * m + 1] += static_cast<float>(each * turn.sine);
  }
}

/// Noise that neighbours share a part of.
class Drift {
 public:
  Drift(std::uint64_t seed, std::size_t size, double alike)
      : rng_(seed), state_(size), alike_(alike), fresh_(std::sqrt(1 - alike * alike)) {
    for (double& x : state_) x = rng_.normal();
  }
  void add_next(std::span<float> to, double length) {
    const double each = length / std::sqrt(static_cast<double>(state_.size()));
    for (std::size_t c = 0; c < state_.size(); ++c) {
      state_[c] = alike_ * state_[c] + fresh_ * rng_.normal();
      to[c] += static_cast<float>(each * state_[c]);
    }
  }

 private:
  Rng rng_;
  std::vector<double> state_;
  double alike_, fresh_;
};

/// Logits that a head's queries give: to sinks, to the own topic, by the logarithm of importance, by nearness, and the
/// length of noise.
struct Strengths {
  double sink = 0, topic = 1, importance = 0.3, nearness = 0, needle = 0;
  std::int64_t offset = 0;  // of the place that is asked for, tokens back
};

Strengths strengths_of(HeadType type, Rng& rng) {
  Strengths s;
  switch (type) {
    case HeadType::sink:
      s.sink = 6;
      break;
    case HeadType::local:
      s.nearness = 14, s.topic = 0.5, s.sink = 2;
      break;
    case HeadType::heavy:
      s.importance = 1.2 + 0.4 * rng.uniform(), s.sink = 3;
      break;
    case HeadType::slash:
      s.nearness = 22, s.topic = 0.2, s.offset = kSlash + static_cast<std::int64_t>(rng.below(20)), s.sink = 2;
      break;
    case HeadType::retrieval:
      s.sink = 6, s.needle = 12;
      break;
    case HeadType::diffuse:
      s.topic = 0.5, s.importance = 0.1;
      break;
  }
  return s;
}

/// One KV head of one layer in the making.
class HeadMaker {
 public:
  HeadMaker(const AttentionGeneratorSettings& g, const AttentionSequence& sequence, std::int64_t layer,
            std::int64_t kv_head, HeadType type)
      : g_(g),
        sequence_(sequence),
        directions_(directions_of(g, layer, kv_head)),
        size_(static_cast<std::size_t>(g.shape.head_size)),
        root_(std::sqrt(static_cast<double>(g.shape.head_size))),
        seed_(mixed(g.seed, 3, static_cast<std::uint64_t>(layer * 1000 + kv_head))),
        type_(type) {
    Rng rng(seed_);
    strengths_ = strengths_of(type, rng);
    target_ = 0.4 + 0.5 * rng.uniform();
  }

  void make_keys(std::span<float> k) const {
    Drift noise(mixed(seed_, 5, 0), size_, kAlike);
    for (std::int64_t j = 0; j < g_.shape.tokens(); ++j) {
      const std::span<float> key = part(k, j);
      const auto token = static_cast<std::size_t>(j);
      add(key, directions_.topics[sequence_.topic[token]], 1);
      add(key, directions_.important, natural_log(1 + static_cast<double>(sequence_.importance[token])));
      if (j < kSinks) add(key, directions_.sink, j == 0 ? 1.0 : 0.5);
      for (std::int64_t needle : sequence_.needles)
        if (j >= needle && j < needle + g_.needle_tokens) add(key, directions_.needle, 1);
      add_place(key, directions_, j, 1);
      noise.add_next(key, kNoise);
      for (std::size_t i = 0; i < directions_.outliers.size(); ++i)
        key[directions_.outliers[i]] *= directions_.scales[i];
    }
  }
  void make_values(std::span<float> v) const {
    Rng rng(mixed(seed_, 4, 0));
    std::vector<Vector> means;
    for (std::size_t t = 0; t < kTopics; ++t) means.push_back(unit_vector(rng, 0, size_));
    for (std::int64_t j = 0; j < g_.shape.tokens(); ++j) {
      const std::span<float> value = part(v, j);
      for (float& x : value) x = static_cast<float>(rng.normal());
      add(value, means[sequence_.topic[static_cast<std::size_t>(j)]], root_);
      if (j < kSinks)
        for (float& x : value) x *= 0.1F;
    }
  }
  /// Queries of these positions, in their order.
  void make_queries(std::int64_t head, std::span<const std::int64_t> positions, std::span<float> q) const {
    Drift noise(mixed(seed_, 6, static_cast<std::uint64_t>(head)), size_, kQueriesAlike);
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const std::span<float> query = part(q, static_cast<std::int64_t>(i));
      const std::int64_t t = positions[i], step = t - g_.shape.prompt;
      const bool asks =
          type_ == HeadType::retrieval && step >= 0 && sequence_.asked[static_cast<std::size_t>(step)] >= 0;
      add(query, directions_.topics[sequence_.topic[static_cast<std::size_t>(t)]], root_ * strengths_.topic);
      add(query, directions_.important, root_ * strengths_.importance);
      add(query, directions_.sink, root_ * strengths_.sink);
      if (asks) add(query, directions_.needle, root_ * strengths_.needle);
      add_place(query, directions_, t - strengths_.offset, root_ * strengths_.nearness);
      noise.add_next(query, root_ * 2);
      for (std::size_t c = 0; c < directions_.outliers.size(); ++c)
        query[directions_.outliers[c]] /= directions_.scales[c];
    }
  }
  /// Sets the strength of the sinks so that the mean weight on them is the head's target, on some rows.
  void set_sinks(std::span<const float> k, std::span<const std::int64_t> positions) {
    if (type_ != HeadType::sink && type_ != HeadType::retrieval) return;
    double low = 0, high = 40;
    for (int i = 0; i < 12; ++i) {
      strengths_.sink = (low + high) / 2;
      (mean_on_sinks(k, positions) < target_ ? low : high) = strengths_.sink;
    }
  }

 private:
  [[nodiscard]] std::span<float> part(std::span<float> all, std::int64_t index) const {
    return all.subspan(static_cast<std::size_t>(index) * size_, size_);
  }
  [[nodiscard]] double mean_on_sinks(std::span<const float> k, std::span<const std::int64_t> positions) const {
    Vector q(positions.size() * size_);
    make_queries(0, positions, q);
    double sum = 0;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      Vector row(static_cast<std::size_t>(positions[i] + 1));
      for (std::size_t j = 0; j < row.size(); ++j)
        for (std::size_t c = 0; c < size_; ++c) row[j] += q[i * size_ + c] * k[j * size_ + c];
      softmax(row, static_cast<float>(1 / root_));
      for (std::size_t j = 0; j < std::min<std::size_t>(kSinks, row.size()); ++j) sum += static_cast<double>(row[j]);
    }
    return sum / static_cast<double>(positions.size());
  }

  const AttentionGeneratorSettings& g_;
  const AttentionSequence& sequence_;
  Directions directions_;
  std::size_t size_;
  double root_;
  std::uint64_t seed_;
  HeadType type_;
  Strengths strengths_;
  double target_ = 0;  // mean weight on the sinks
};

std::vector<std::int64_t> recorded_positions(const AttentionShape& s) {
  std::vector<std::int64_t> out;
  for (std::int64_t r = 0; r < s.rows(); ++r) out.push_back(s.prompt - s.window + r);
  return out;
}

std::vector<std::int64_t> spread(std::int64_t prompt, std::int64_t count) {
  std::vector<std::int64_t> out;
  const std::int64_t rows = std::min(prompt, count);
  for (std::int64_t i = 0; i < rows; ++i) out.push_back(i * prompt / rows);
  return out;
}

/// The sums over all prompt queries, from some of them.
void estimate_columns(const HeadMaker& maker, const AttentionShape& s, std::int64_t head, std::int64_t rows,
                      const Vector& transposed_keys, std::span<float> sums) {
  const std::vector<std::int64_t> positions = spread(s.prompt, rows);
  const auto count = static_cast<std::int64_t>(positions.size());
  Vector q(static_cast<std::size_t>(count * s.head_size)), weights(static_cast<std::size_t>(count * s.tokens()));
  maker.make_queries(head, positions, q);
  multiply({q.data(), count, s.head_size, s.head_size}, {transposed_keys.data(), s.head_size, s.tokens(), s.tokens()},
           {weights.data(), count, s.tokens(), s.tokens()});
  const float scale = 1 / std::sqrt(static_cast<float>(s.head_size));
  const float stands_for = static_cast<float>(s.prompt) / static_cast<float>(count);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto row = std::span(weights).subspan(static_cast<std::size_t>(i * s.tokens()),
                                                static_cast<std::size_t>(positions[static_cast<std::size_t>(i)] + 1));
    softmax(row, scale);
    for (std::size_t k = 0; k < row.size(); ++k) sums[k] += stands_for * row[k];
  }
}

}  // namespace

GeneratedAttention::GeneratedAttention(AttentionGeneratorSettings settings)
    : settings_(std::move(settings)), sequence_(make_sequence(settings_)) {}

HeadType GeneratedAttention::type_of(std::int64_t layer, std::int64_t kv_head) const {
  Rng rng(mixed(settings_.seed, 7, static_cast<std::uint64_t>(layer * 1000 + kv_head)));
  double u = rng.uniform();
  constexpr std::int64_t kEarly = 2;  // layers
  if (layer < kEarly && settings_.shape.layers > kEarly) return u < 0.5 ? HeadType::local : HeadType::diffuse;
  for (std::size_t t = 0; t + 1 < settings_.types.size(); ++t) {
    if (u < settings_.types[t]) return static_cast<HeadType>(t);
    u -= settings_.types[t];
  }
  return HeadType::diffuse;
}

AttentionLayer GeneratedAttention::load(std::int64_t number) const {
  const AttentionShape& s = settings_.shape;
  AttentionLayer layer;
  const auto kv = static_cast<std::size_t>(s.tokens() * s.head_size),
             rows = static_cast<std::size_t>(s.rows() * s.head_size);
  layer.q.resize(static_cast<std::size_t>(s.heads) * rows);
  layer.k.resize(static_cast<std::size_t>(s.kv_heads) * kv);
  layer.v.resize(layer.k.size());
  layer.column_sums.resize(static_cast<std::size_t>(s.heads * s.prompt));
  const std::vector<std::int64_t> recorded = recorded_positions(s);
  for (std::int64_t g = 0; g < s.kv_heads; ++g) {
    HeadMaker maker(settings_, sequence_, number, g, type_of(number, g));
    const auto keys = std::span(layer.k).subspan(static_cast<std::size_t>(g) * kv, kv);
    maker.make_keys(keys);
    maker.make_values(std::span(layer.v).subspan(static_cast<std::size_t>(g) * kv, kv));
    constexpr std::int64_t kProbes = 16;
    maker.set_sinks(keys, spread(s.prompt, kProbes));
    const Vector across = transposed({keys.data(), s.tokens(), s.head_size, s.head_size});
    for (std::int64_t h = g * s.group(); h < (g + 1) * s.group(); ++h) {
      maker.make_queries(h, recorded, std::span(layer.q).subspan(static_cast<std::size_t>(h) * rows, rows));
      estimate_columns(maker, s, h, settings_.column_rows, across,
                       std::span(layer.column_sums)
                           .subspan(static_cast<std::size_t>(h * s.prompt), static_cast<std::size_t>(s.prompt)));
    }
  }
  return layer;
}

}  // namespace tiersim::traces
