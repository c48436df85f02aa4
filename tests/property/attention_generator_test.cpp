// Generated recordings hold what was measured of models: where weight goes, how few keys have it, what is alike.
#include "traces/attention_generator.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/attention/weights.hpp"

using namespace tiersim;
using namespace tiersim::traces;

namespace {

AttentionGeneratorSettings medium() {
  AttentionGeneratorSettings g;
  g.shape = {.layers = 8, .heads = 16, .kv_heads = 8, .head_size = 64, .prompt = 1024, .steps = 48, .window = 32};
  g.column_rows = 128;
  g.types = {0.4, 0.15, 0.2, 0.1, 0.1, 0.05};
  return g;
}

double cosine(std::span<const float> a, std::span<const float> b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return ab / std::sqrt(aa * bb);
}

std::span<const float> row_of(const std::vector<float>& all, std::int64_t index, std::int64_t size) {
  return std::span(all).subspan(static_cast<std::size_t>(index * size), static_cast<std::size_t>(size));
}

struct ByType {
  double sinks = 0, newest = 0, below_a_hundredth = 0, on_asked = 0, rows = 0, asked = 0;
};

}  // namespace

TEST_CASE("does weight go where each type of head puts it, and to few keys?") {
  const GeneratedAttention source(medium());
  const AttentionShape& s = source.shape();
  std::array<ByType, 6> all{};
  for (std::int64_t l = 0; l < s.layers; ++l) {
    const AttentionLayer layer = source.load(l);
    REQUIRE(check(s, layer) == "");
    const std::vector<HeadWeights> weights = weights_of(s, layer);
    for (std::int64_t h = 0; h < s.heads; ++h) {
      ByType& type = all[static_cast<std::size_t>(source.type_of(l, h / s.group()))];
      for (std::int64_t step = 0; step < s.steps; ++step) {
        const auto row = weights[static_cast<std::size_t>(h)].row(s.window + step);
        const float most = *std::max_element(row.begin(), row.end());
        for (std::size_t k = 0; k < 4; ++k) type.sinks += static_cast<double>(row[k]);
        for (std::size_t k = row.size() - 16; k < row.size(); ++k) type.newest += static_cast<double>(row[k]);
        for (float w : row) type.below_a_hundredth += w < most / 100 ? 1.0 / static_cast<double>(row.size()) : 0;
        ++type.rows;
        const std::int64_t asked = source.sequence().asked[static_cast<std::size_t>(step)];
        if (asked < 0) continue;
        ++type.asked;
        for (const std::int64_t needle : source.sequence().needles)
          for (std::int64_t k = needle; asked >= needle && k < needle + 12; ++k)
            if (asked < needle + 12) type.on_asked += static_cast<double>(row[static_cast<std::size_t>(k)]);
      }
    }
  }
  for (std::size_t t = 0; t < all.size(); ++t) {
    const ByType& type = all[t];
    CAPTURE(t);
    REQUIRE(type.rows > 0);
    MESSAGE("type " << t << ": sinks " << type.sinks / type.rows << ", newest 16 " << type.newest / type.rows
                    << ", below a hundredth " << type.below_a_hundredth / type.rows << ", needle when asked "
                    << type.on_asked / std::max(1.0, type.asked));
  }
  const auto of = [&](HeadType type) -> const ByType& { return all[static_cast<std::size_t>(type)]; };
  CHECK(of(HeadType::sink).sinks / of(HeadType::sink).rows > 0.4);
  CHECK(of(HeadType::sink).sinks / of(HeadType::sink).rows < 0.9);
  CHECK(of(HeadType::local).newest / of(HeadType::local).rows > 0.4);
  CHECK(of(HeadType::retrieval).on_asked / of(HeadType::retrieval).asked > 0.3);
  CHECK(of(HeadType::sink).on_asked / of(HeadType::sink).asked < 0.1);
  for (const HeadType type : {HeadType::sink, HeadType::local, HeadType::heavy, HeadType::slash, HeadType::retrieval})
    CHECK(of(type).below_a_hundredth / of(type).rows > 0.9);
}

TEST_CASE("are neighbours alike: queries in time, keys in place and between layers, and are few key channels large?") {
  const GeneratedAttention source(medium());
  const AttentionShape& s = source.shape();
  const AttentionLayer layer = source.load(4), next = source.load(5);
  double queries = 0, tokens = 0, layers = 0;
  int count = 0;
  std::vector<double> size(static_cast<std::size_t>(s.head_size));
  for (std::int64_t g = 0; g < s.kv_heads; ++g)
    for (std::int64_t j = 100; j < 140; ++j, ++count) {
      const std::int64_t at = g * s.tokens() + j;
      tokens += cosine(row_of(layer.k, at, s.head_size), row_of(layer.k, at + 1, s.head_size));
      layers += cosine(row_of(layer.k, at, s.head_size), row_of(next.k, at, s.head_size));
      queries += cosine(row_of(layer.q, g * s.group() * s.rows() + j - 99, s.head_size),
                        row_of(layer.q, g * s.group() * s.rows() + j - 98, s.head_size));
    }
  MESSAGE("cosines: queries " << queries / count << ", tokens' keys " << tokens / count << ", layers' keys "
                              << layers / count);
  CHECK(queries / count > 0.8);
  CHECK(tokens / count > 0.7);
  CHECK(layers / count > 0.3);
  for (std::int64_t j = 0; j < s.tokens(); ++j)
    for (std::size_t c = 0; c < size.size(); ++c)
      size[c] += std::abs(static_cast<double>(row_of(layer.k, j, s.head_size)[c])) / static_cast<double>(s.tokens());
  std::sort(size.begin(), size.end());
  CHECK(size.back() > 4 * size[size.size() / 2]);
}

TEST_CASE("is a layer the same whenever it is made, and different for another seed?") {
  AttentionGeneratorSettings g = medium();
  g.shape.prompt = 200;
  const GeneratedAttention one(g), two(g);
  static_cast<void>(one.load(3));
  CHECK(one.load(5).q == two.load(5).q);
  CHECK(one.load(5).k == two.load(5).k);
  CHECK(one.load(5).column_sums == two.load(5).column_sums);
  g.seed = 2;
  CHECK(GeneratedAttention(g).load(5).k != one.load(5).k);
}

TEST_CASE("do estimated column sums have the weight of all prompt queries?") {
  AttentionGeneratorSettings g = medium();
  const AttentionLayer layer = GeneratedAttention(g).load(3);
  for (std::int64_t h = 0; h < g.shape.heads; ++h) {
    const auto sums = row_of(layer.column_sums, h, g.shape.prompt);
    CHECK(std::accumulate(sums.begin(), sums.end(), 0.0) == doctest::Approx(1024).epsilon(1e-3));
  }
}
