#include "sim/replay/stack_distances.hpp"

#include <algorithm>

#include "sim/core/diagnostics.hpp"

namespace tiersim {
namespace {

constexpr std::uint64_t ones(std::uint32_t from, std::uint32_t to) {  // bits [from, to) of a word, to at most 64
  const std::uint64_t up_to = to == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << to) - 1;
  return up_to & ~((std::uint64_t{1} << from) - 1);
}

constexpr std::size_t kLeast = 1U << 10;  // positions

}  // namespace

StackDistances::StackDistances(std::size_t blocks, std::size_t longest)
    : positions_(static_cast<std::uint32_t>(std::bit_ceil(std::max({3 * blocks, blocks + longest, kLeast})))),
      last_(blocks),
      bits_(positions_ / kWord),
      tree_(positions_ / kWord + 1) {
  ensure(std::max(3 * blocks, blocks + longest) <= (std::size_t{1} << 31), "more blocks than stack distances count");
}

void StackDistances::add(std::size_t word, std::int64_t change) {
  for (std::size_t i = word + 1; i < tree_.size(); i += i & (~i + 1))
    tree_[i] = static_cast<std::uint32_t>(static_cast<std::int64_t>(tree_[i]) + change);
}

std::uint64_t StackDistances::before(std::size_t word) const {
  std::uint64_t sum = 0;
  for (std::size_t i = word; i > 0; i &= i - 1) sum += tree_[i];
  return sum;
}

std::uint64_t StackDistances::used_after(std::uint32_t position) const {
  const std::size_t word = position / kWord;
  const std::uint64_t up_to = bits_[word] & ones(0, position % kWord + 1);
  return marks_ - before(word) - static_cast<std::uint64_t>(std::popcount(up_to));
}

void StackDistances::clear(std::uint32_t begin, std::uint32_t length) {
  const std::uint32_t end = begin + length;
  while (begin < end) {
    const std::uint32_t word = begin / kWord, stop = std::min(end, (word + 1) * kWord);
    const std::uint64_t gone = bits_[word] & ones(begin % kWord, stop - word * kWord);
    bits_[word] ^= gone;
    const auto count = std::popcount(gone);
    if (count > 0) add(word, -count);
    marks_ -= static_cast<std::uint64_t>(count);
    begin = stop;
  }
}

std::uint32_t StackDistances::mark(std::uint32_t length) {
  room(length);
  const std::uint32_t first = next_;
  while (next_ < first + length) {
    const std::uint32_t word = next_ / kWord, stop = std::min(first + length, (word + 1) * kWord);
    bits_[word] |= ones(next_ % kWord, stop - word * kWord);
    add(word, stop - next_);
    next_ = stop;
  }
  marks_ += length;
  return first;
}

void StackDistances::close_up() {
  std::vector<std::uint32_t> rank(bits_.size());  // marks before each word
  std::uint32_t count = 0;
  for (std::size_t word = 0; word < bits_.size(); ++word) {
    rank[word] = count;
    count += static_cast<std::uint32_t>(std::popcount(bits_[word]));
  }
  for (std::uint32_t& last : last_) {
    if (last == 0) continue;
    const std::uint32_t position = last - 1, word = position / kWord;
    last = 1 + rank[word] + static_cast<std::uint32_t>(std::popcount(bits_[word] & ones(0, position % kWord)));
  }
  std::fill(bits_.begin(), bits_.end(), 0);
  std::fill(tree_.begin(), tree_.end(), 0);
  next_ = 0, marks_ = 0;
  mark(count);
}

}  // namespace tiersim
