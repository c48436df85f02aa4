#pragma once
/// What happens next: a binary heap of plain 24-byte events.
///
/// Order: time, then class, then entity, then payload; never the order of insertion, so ties are settled by what the
/// events are. Arrivals of an open loop are not pushed: the simulation merges them from the trace's cursor. push and
/// pop O(log n), no allocation once grown.
#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "sim/core/units.hpp"

namespace tiersim {

/// Of one instant, lower classes come first: what ends frees room for what starts.
enum class EventClass : std::uint32_t { flow = 0, step_end = 1, arrival = 2 };

struct Event {
  Time time;
  EventClass kind = EventClass::flow;
  std::uint32_t entity = 0;  ///< replica of a step, request of an arrival
  std::uint64_t payload = 0;

  friend bool operator>(const Event& a, const Event& b) {
    return std::tie(a.time, a.kind, a.entity, a.payload) > std::tie(b.time, b.kind, b.entity, b.payload);
  }
};
static_assert(sizeof(Event) == 24);

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
