#pragma once
/// How the kernels divide their work over a team, and where their threads keep what is in between.
///
/// Used by the kernels of this folder alone. in_parts() calls part(begin, end) for the share of [0, count) of every
/// rank that has one, and waits; what is no more than one grain runs on the calling thread, without the team. Scratch
/// belongs to a thread and a purpose (one variable each); it grows to the largest size asked for and is then reused.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "calib/host/team.hpp"

namespace tiersim::calib {

/// Elements of an element-wise kernel that take about as long as starting the other threads: a microsecond or two.
constexpr std::int64_t kElementGrain = 1 << 14;
/// Rows that make up such a grain.
inline std::int64_t row_grain(std::int64_t width) { return std::max(std::int64_t{1}, kElementGrain / width); }

template <class Part>
void in_parts(Team& team, std::int64_t count, std::int64_t grain, const Part& part) {
  if (count <= grain) {
    if (count > 0) part(std::int64_t{0}, count);
    return;
  }
  const auto work = [&](int rank) {
    const Share share = share_of(count, grain, rank, team.size());
    if (share.begin < share.end) part(share.begin, share.end);
  };
  team.run(std::cref(work));  // by reference: a copy of the closure would be allocated
}

class Scratch {
 public:
  /// At least `count` elements, their contents unspecified; the last call's pointer is no longer valid.
  [[nodiscard]] float* floats(std::int64_t count) {
    if (memory_.size() < static_cast<std::size_t>(count)) memory_.resize(static_cast<std::size_t>(count));
    return memory_.data();
  }

 private:
  std::vector<float> memory_;
};

}  // namespace tiersim::calib
