#pragma once
/// Policies as their papers tell them, in a few lines over standard containers, for tests to hold the fast ones
/// against.
///
/// access(block) says whether it was a hit. Slow: what they scan grows with the capacity.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace tiersim::tests {

class NaiveCache {
 public:
  explicit NaiveCache(std::size_t blocks) : capacity(blocks) {}
  virtual ~NaiveCache() = default;
  virtual bool access(std::uint32_t block) = 0;

 protected:
  using List = std::deque<std::uint32_t>;  // oldest first
  static bool has(const List& list, std::uint32_t block) { return std::count(list.begin(), list.end(), block) > 0; }
  static void take(List& list, std::uint32_t block) { list.erase(std::find(list.begin(), list.end(), block)); }
  static std::uint32_t pop(List& list) {
    const std::uint32_t block = list.front();
    list.pop_front();
    return block;
  }
  std::size_t capacity;
};

/// LRU, or FIFO.
template <bool kMoves>
struct NaiveQueue : NaiveCache {
  using NaiveCache::NaiveCache;
  List list;
  bool access(std::uint32_t block) override {
    const bool hit = has(list, block);
    if (hit && !kMoves) return true;
    if (hit) take(list, block);
    if (!hit && list.size() == capacity) pop(list);
    list.push_back(block);
    return hit;
  }
};

/// Corbato, 1968: a ring and a hand.
struct NaiveClock : NaiveCache {
  using NaiveCache::NaiveCache;
  std::vector<std::pair<std::uint32_t, bool>> ring;
  std::size_t hand = 0;
  bool access(std::uint32_t block) override {
    for (auto& [b, used] : ring)
      if (b == block) return used = true;
    if (ring.size() < capacity) return ring.emplace_back(block, false), false;
    for (; ring[hand].second; hand = (hand + 1) % capacity) ring[hand].second = false;
    ring[hand] = {block, false};
    hand = (hand + 1) % capacity;
    return false;
  }
};

/// Zhang et al., NSDI'24, algorithm 1.
struct NaiveSieve : NaiveCache {
  using NaiveCache::NaiveCache;
  struct Node {
    std::uint32_t block;
    bool visited;
  };
  std::list<Node> queue;  // head (newest) first
  std::list<Node>::iterator hand = queue.end();
  bool access(std::uint32_t block) override {
    for (Node& n : queue)
      if (n.block == block) return n.visited = true;
    if (queue.size() == capacity) {
      auto at = hand == queue.end() ? std::prev(queue.end()) : hand;
      while (at->visited) {
        at->visited = false;
        at = at == queue.begin() ? std::prev(queue.end()) : std::prev(at);
      }
      hand = at == queue.begin() ? queue.end() : std::prev(at);
      queue.erase(at);
    }
    queue.push_front({block, false});
    return false;
  }
};

/// Fewest uses first, ties by an order over (position, block, last use).
struct NaiveLfu : NaiveCache {
  using NaiveCache::NaiveCache;
  struct Use {
    std::uint64_t uses, last;
  };
  std::map<std::uint32_t, Use> resident;
  std::uint64_t now = 0;
  bool access(std::uint32_t block) override {
    const auto at = resident.find(block);
    if (at != resident.end()) return at->second = {at->second.uses + 1, ++now}, true;
    if (resident.size() == capacity)
      resident.erase(std::min_element(resident.begin(), resident.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second.uses, a.second.last) < std::pair(b.second.uses, b.second.last);
      }));
    resident[block] = {1, ++now};
    return false;
  }
};

struct NaiveSlru : NaiveCache {
  using NaiveCache::NaiveCache;
  List probation, safe;
  bool access(std::uint32_t block) override {
    const bool was_safe = has(safe, block), hit = was_safe || has(probation, block);
    if (hit) {
      take(was_safe ? safe : probation, block);
      safe.push_back(block);
      if (safe.size() > static_cast<std::size_t>(0.8 * static_cast<double>(capacity))) probation.push_back(pop(safe));
      return true;
    }
    if (probation.size() + safe.size() == capacity) pop(probation.empty() ? safe : probation);
    probation.push_back(block);
    return false;
  }
};

/// Johnson and Shasha, VLDB'94: the full version.
struct NaiveTwoQ : NaiveCache {
  using NaiveCache::NaiveCache;
  List in, out, main;
  bool access(std::uint32_t block) override {
    if (has(main, block)) return take(main, block), main.push_back(block), true;
    if (has(in, block)) return true;
    const bool back = has(out, block);
    if (in.size() + main.size() == capacity) {
      if (in.size() > capacity / 4 || main.empty()) {
        if (back) take(out, block);
        out.push_back(pop(in));
        if (out.size() > capacity / 2) pop(out);
      } else {
        pop(main);
      }
    }
    if (back && has(out, block)) take(out, block);
    (back ? main : in).push_back(block);
    return false;
  }
};

/// Megiddo and Modha, FAST'03, figure 4, with a whole-numbered target.
struct NaiveArc : NaiveCache {
  using NaiveCache::NaiveCache;
  List t1, t2, b1, b2;
  std::size_t p = 0;
  void replace(std::uint32_t x) {
    const bool first = !t1.empty() && (t1.size() > p || (has(b2, x) && t1.size() == p));
    (first ? b1 : b2).push_back(pop(first ? t1 : t2));
  }
  bool access(std::uint32_t x) override {
    if (has(t1, x) || has(t2, x)) return take(has(t1, x) ? t1 : t2, x), t2.push_back(x), true;
    if (has(b1, x)) {
      p = std::min(capacity, p + std::max<std::size_t>(1, b2.size() / b1.size()));
      replace(x), take(b1, x), t2.push_back(x);
    } else if (has(b2, x)) {
      p -= std::min(p, std::max<std::size_t>(1, b1.size() / b2.size()));
      replace(x), take(b2, x), t2.push_back(x);
    } else {
      const std::size_t all = t1.size() + t2.size() + b1.size() + b2.size();
      if (t1.size() + b1.size() == capacity) {
        if (t1.size() < capacity) {
          pop(b1), replace(x);
        } else {
          pop(t1);
        }
      } else if (all >= capacity) {
        if (all == 2 * capacity) pop(b2);
        replace(x);
      }
      t1.push_back(x);
    }
    return false;
  }
};

/// Yang et al., SOSP'23, algorithm 1.
struct NaiveS3Fifo : NaiveCache {
  using NaiveCache::NaiveCache;
  List small, main, ghost;
  std::map<std::uint32_t, int> uses;
  std::size_t share() const {
    return std::max<std::size_t>(1, static_cast<std::size_t>(0.1 * static_cast<double>(capacity)));
  }
  void evict_small() {
    while (!small.empty()) {
      const std::uint32_t t = pop(small);
      if (uses[t] > 1) {
        main.push_back(t), uses[t] = 0;
        continue;
      }
      ghost.push_back(t);
      if (ghost.size() > capacity - share()) pop(ghost);
      return;
    }
  }
  void evict_main() {
    for (std::uint32_t t = pop(main); uses[t] > 0; t = pop(main)) --uses[t], main.push_back(t);
  }
  bool access(std::uint32_t x) override {
    if (has(small, x) || has(main, x)) return uses[x] = std::min(3, uses[x] + 1), true;
    while (small.size() + main.size() >= capacity)
      small.size() >= share() || main.empty() ? evict_small() : evict_main();
    uses[x] = 0;
    const bool back = has(ghost, x);
    if (back) take(ghost, x);
    (back ? main : small).push_back(x);
    return false;
  }
};

/// Knows the whole sequence of accesses.
template <bool kBypass>
struct NaiveBelady : NaiveCache {
  NaiveBelady(std::size_t blocks, std::vector<std::uint32_t> sequence) : NaiveCache(blocks), all(std::move(sequence)) {}
  std::vector<std::uint32_t> all;
  List list;
  std::size_t now = 0;
  std::size_t next(std::uint32_t block) const {
    return static_cast<std::size_t>(std::find(all.begin() + static_cast<std::ptrdiff_t>(now), all.end(), block) -
                                    all.begin());
  }
  bool access(std::uint32_t block) override {
    ++now;
    if (has(list, block)) return true;
    if (list.size() == capacity) {
      const auto far = std::max_element(list.begin(), list.end(),
                                        [&](std::uint32_t a, std::uint32_t b) { return next(a) < next(b); });
      if (kBypass && next(block) >= next(*far)) return false;
      list.erase(far);
    }
    list.push_back(block);
    return false;
  }
};

}  // namespace tiersim::tests
