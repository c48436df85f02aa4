#include "tests/support/host_reference.hpp"

#include <numeric>

namespace tiersim::test {

using namespace calib;

std::vector<Team*> teams() {
  static Team one(1), two(std::min(2, Team::available()));
  return {&one, &two};
}

PagedBatch::PagedBatch(Team& team, const AttentionShape& shape, std::vector<SequenceSize> sizes, Rng& rng)
    : shape_(shape), sizes_(std::move(sizes)) {
  const auto blocks_of = [&](const SequenceSize& s) { return (s.context + shape_.block - 1) / shape_.block; };
  std::int64_t blocks = 0, queries = 0;
  for (const SequenceSize& size : sizes_) blocks += blocks_of(size), queries += size.queries;
  pool_.assign(at(blocks * shape_.block_elements()), std::numeric_limits<float>::quiet_NaN());
  output_.resize(at(queries * shape_.query_heads * shape_.head_dim));
  std::vector<std::int64_t> order(at(blocks));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  for (const SequenceSize& size : sizes_) {
    const std::int64_t kv = size.context * shape_.kv_heads * shape_.head_dim;
    keys_.push_back(random_floats(rng, kv));
    values_.push_back(random_floats(rng, kv));
    queries_.push_back(random_floats(rng, size.queries * shape_.query_heads * shape_.head_dim, 2.0));
    std::vector<float*>& own = blocks_.emplace_back();
    for (std::int64_t i = 0; i < blocks_of(size); ++i) {
      own.push_back(pool_.data() + order.back() * shape_.block_elements());
      order.pop_back();
    }
    const_blocks_.emplace_back(own.begin(), own.end());
    const std::int64_t half = size.context / 2;  // in two writes: the second begins within a block
    const std::int64_t skip = half * shape_.kv_heads * shape_.head_dim;
    write_kv(team, shape_, own, 0, half, keys_.back().data(), values_.back().data());
    write_kv(team, shape_, own, half, size.context - half, keys_.back().data() + skip, values_.back().data() + skip);
  }
}

std::vector<PagedSequence> PagedBatch::sequences() {
  std::vector<PagedSequence> out;
  float* to = output_.data();
  for (std::size_t i = 0; i < sizes_.size(); ++i) {
    out.push_back({const_blocks_[i], sizes_[i].context, sizes_[i].queries, queries_[i].data(), to});
    to += sizes_[i].queries * shape_.query_heads * shape_.head_dim;
  }
  return out;
}

void PagedBatch::clear_output() { std::fill(output_.begin(), output_.end(), 0.0F); }

void PagedBatch::reference_of(std::size_t sequence, std::int64_t query, std::int64_t head,
                              std::vector<double>& out) const {
  const std::int64_t dim = shape_.head_dim, kv_head = head / (shape_.query_heads / shape_.kv_heads);
  const std::int64_t visible = sizes_[sequence].context - sizes_[sequence].queries + query + 1;
  const float* q = queries_[sequence].data() + (query * shape_.query_heads + head) * dim;
  const auto row = [&](const std::vector<Floats>& of, std::int64_t token) {
    return of[sequence].data() + (token * shape_.kv_heads + kv_head) * dim;
  };
  std::vector<double> weights;
  for (std::int64_t t = 0; t < visible; ++t) {
    weights.push_back(std::exp(std::inner_product(q, q + dim, row(keys_, t), 0.0) / std::sqrt(double(dim))));
  }
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::int64_t i = 0; i < dim; ++i) {
    double sum = 0;
    for (std::int64_t t = 0; t < visible; ++t) sum += weights[at(t)] * row(values_, t)[i];
    out.push_back(sum / total);
  }
}

std::vector<double> PagedBatch::reference() const {
  std::vector<double> out;
  for (std::size_t s = 0; s < sizes_.size(); ++s) {
    for (std::int64_t query = 0; query < sizes_[s].queries; ++query) {
      for (std::int64_t head = 0; head < shape_.query_heads; ++head) reference_of(s, query, head, out);
    }
  }
  return out;
}

std::vector<PagedSequence> PagedBatch::decode_of(std::int64_t query, Floats& output) {
  std::vector<PagedSequence> out = sequences();
  const std::int64_t width = shape_.query_heads * shape_.head_dim;
  output.resize(out.size() * at(width));
  for (std::size_t i = 0; i < out.size(); ++i) {
    PagedSequence& one = out[i];
    one.context -= one.queries - 1 - query;
    one.query += query * width;
    one.queries = 1;
    one.blocks = one.blocks.first(at((one.context + shape_.block - 1) / shape_.block));
    one.output = output.data() + i * at(width);
  }
  return out;
}

}  // namespace tiersim::test
