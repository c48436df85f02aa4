#pragma once
/// What is in a drive's write cache, and whether writes go into it or past it.
///
/// One a drive with a cache, held by the transfer engine, which solves the rates. While the cache is open, writes go
/// into it at `in` and it drains into the flash at `out`, both found by the solver; it closes where that would take it
/// beyond full or below empty: then writes go past it, straight into the flash, and what is in it stays. Call order
/// whenever rates are solved: settle(), then close_if_bound() until no cache closes any more, then watch(). Bytes are
/// those of whole pages, rates bytes per nanosecond; the level is 0 <= level <= capacity, always. O(1).
/// Left out: that a full cache is written behind as room appears in it, page by page; reads of what is still in it.
#include <algorithm>
#include <cmath>

#include "sim/core/units.hpp"

namespace tiersim {

class WriteCache {
 public:
  explicit WriteCache(double capacity) : capacity_(capacity) {}

  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] double level() const { return level_; }  ///< at the last settle()
  /// When it becomes full or empty at the rates that it has; never() if it does not, or nobody watches.
  [[nodiscard]] Time changes() const { return changes_; }

  /// Brings the level up to `now` and opens it.
  void settle(Time now) {
    const double net = closed_ ? 0 : in_ - out_;
    if (now >= changes_) {
      level_ = net > 0 ? capacity_ : 0;
    } else {
      level_ = std::clamp(level_ + net * static_cast<double>((now - since_).value()), 0.0, capacity_);
    }
    since_ = now;
    closed_ = false;
    changes_ = Time::never();
  }

  /// Takes the rates of an open cache; true if it has to close at these.
  bool close_if_bound(double in, double out) {
    in_ = in, out_ = out;
    closed_ = (level_ <= 0 && in <= out) || (level_ >= capacity_ && in >= out);
    return closed_;
  }

  /// Foresees the next change.
  void watch() {
    const double net = closed_ ? 0 : in_ - out_;
    if (net == 0) return;
    const double left = net > 0 ? (capacity_ - level_) / net : level_ / -net;
    constexpr double kHorizon = 4.0e18;  // ns; beyond it nothing happens in any run
    if (left < kHorizon) changes_ = since_ + Duration(std::llround(left));
  }

 private:
  double capacity_, level_ = 0;
  double in_ = 0, out_ = 0;
  Time since_, changes_ = Time::never();
  bool closed_ = false;
};

}  // namespace tiersim
