#include "sim/transfer/ring_queue.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "sim/core/rng.hpp"

TEST_CASE("a ring queue gives back what a deque gives back") {
  tiersim::Rng rng(1);
  tiersim::RingQueue<int> ring;
  std::deque<int> deque;
  bool same = true;
  for (int i = 0; i < 10'000; ++i) {
    if (deque.empty() || rng.below(100) < 52) {
      ring.push(i);
      deque.push_back(i);
    } else {
      same = same && ring.front() == deque.front();
      ring.pop();
      deque.pop_front();
    }
    same = same && ring.size() == deque.size();
  }
  CHECK(same);
}
