#pragma once
/// What happens at a known time: a binary heap of plain events.
///
/// Only what nobody else keeps is queued: later turns and replacements of closed loops, and the ends of the measurement
/// window. Arrivals of an open loop are merged from the trace's cursor, ends of steps stay with their replica, changes
/// of flows with the transfer engine. Order: time, then entity; never the order of insertion, so ties are settled by
/// what the events are. push and pop O(log n), no allocation once grown.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <tuple>
#include <vector>

#include "sim/core/units.hpp"

namespace tiersim {

struct Event {
  Time time;
  std::uint32_t entity = 0;  ///< the request that arrives, or one of the simulation's own marks above all requests

  friend bool operator>(const Event& a, const Event& b) {
    return std::tie(a.time, a.entity) > std::tie(b.time, b.entity);
  }
};

class EventQueue {
 public:
  void push(const Event& event) {
    heap_.push_back(event);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
  }
  Event pop() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
    const Event event = heap_.back();
    heap_.pop_back();
    return event;
  }
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] const Event& top() const { return heap_.front(); }
  [[nodiscard]] Time next_time() const { return heap_.empty() ? Time::never() : heap_.front().time; }

 private:
  std::vector<Event> heap_;
};

}  // namespace tiersim
