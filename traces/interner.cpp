#include "traces/interner.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>

namespace tiersim::traces {

struct Interner::Map {
  boost::unordered_flat_map<std::uint64_t, std::size_t> index;
};

Interner::Interner(std::uint64_t dense_limit) : dense_limit_(dense_limit), map_(std::make_unique<Map>()) {}
Interner::~Interner() = default;

std::uint32_t Interner::id_beyond_table(std::uint64_t key) {
  if (key >= dense_limit_) return id_by_map(key);
  const std::uint64_t grown = std::max<std::uint64_t>({1024, 2 * dense_.size(), key + 1});
  dense_.resize(std::min(grown, dense_limit_), kUnseen);
  return id_of(key);
}

std::uint32_t Interner::id_by_map(std::uint64_t key) {
  if (guess_ >= sparse_.size() || sparse_[guess_].key != key) {
    const auto [place, is_new] = map_->index.try_emplace(key, sparse_.size());
    if (is_new) sparse_.push_back({key, size_++});
    guess_ = place->second;
  }
  return sparse_[guess_++].id;
}

}  // namespace tiersim::traces
