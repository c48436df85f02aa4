#include "sim/replay/reuse_intervals.hpp"

#include <algorithm>

namespace tiersim {
namespace {

constexpr std::uint32_t kNever = UINT32_MAX;

/// One window: what it keeps at the arrival of the request under way.
struct Window {
  std::int64_t length = 0;       // ns
  std::size_t oldest = 0;        // the first request whose blocks are still kept
  std::uint64_t kept = 0;        // blocks
  std::uint64_t hits = 0;        // of the request under way
  double block_nanoseconds = 0;  // held so far
};

class Pass {
 public:
  Pass(const traces::Trace& trace, std::span<const Duration> windows)
      : trace_(trace), arrival_(trace.columns().arrival), last_(trace.distinct_blocks(), kNever), used_(trace.size()) {
    for (const Duration window : windows) {
      windows_.push_back({.length = window.value()});
      out_.retention.push_back({.window = window});
    }
  }

  ReuseIntervals run() {
    for (std::size_t r = 0; r < trace_.size(); ++r) add(r);
    end();
    return std::move(out_);
  }

 private:
  /// Blocks in a row that were all used last by one request.
  struct Stretch {
    std::uint32_t last = kNever;
    std::uint64_t length = 0;
    bool asked = false;
  };

  void add(std::size_t request) {
    for (Window& w : windows_) {
      w.hits = 0;
      for (; arrival_[w.oldest] < arrival_[request] - w.length; ++w.oldest) w.kept -= used_[w.oldest];
    }
    const RequestId id(request);
    const std::uint64_t prompt = trace_.prompt_blocks(id);
    std::uint64_t position = 0;
    Stretch stretch;
    for (const traces::Extent& e : trace_.extents(id)) {
      for (std::uint32_t block = e.first; block < e.first + e.count; ++block, ++position) {
        const std::uint32_t last = last_[block];
        last_[block] = static_cast<std::uint32_t>(request);
        const bool asked = position < prompt;
        if (last != stretch.last || asked != stretch.asked) {
          count(stretch, request);
          stretch = {last, 0, asked};
        }
        ++stretch.length;
      }
    }
    count(stretch, request);
    count_request(id, std::min(position, prompt));
  }

  void count(const Stretch& stretch, std::size_t request) {
    used_[request] += stretch.length;
    if (stretch.last == kNever) {
      for (Window& w : windows_) w.kept += stretch.length;
      return;
    }
    used_[stretch.last] -= stretch.length;
    const std::int64_t gap = arrival_[request] - arrival_[stretch.last];
    if (stretch.asked) out_.intervals.add(Duration(gap), stretch.length);
    for (Window& w : windows_) {
      w.block_nanoseconds += static_cast<double>(stretch.length) * static_cast<double>(std::min(gap, w.length));
      if (stretch.last < w.oldest) {
        w.kept += stretch.length;
      } else if (stretch.asked) {
        w.hits += stretch.length;
      }
    }
  }

  void count_request(RequestId request, std::uint64_t asked) {
    const std::uint64_t prompt = trace_.prompt_tokens(request);
    out_.prompt_uses += asked;
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      ReplayCounts& counts = out_.retention[i].counts;
      counts.accesses += asked;
      counts.tokens += prompt;
      counts.hits += windows_[i].hits;
      counts.hit_tokens += std::min(windows_[i].hits * trace_.block_tokens(), prompt);
      out_.retention[i].peak_blocks = std::max(out_.retention[i].peak_blocks, windows_[i].kept);
    }
  }

  /// The last use of each block keeps it for the window too, as long as the trace lasts.
  void end() {
    if (arrival_.empty()) return;
    out_.span = Duration(arrival_.back() - arrival_.front());
    if (out_.span == Duration(0)) return;
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      Window& w = windows_[i];
      for (std::size_t r = 0; r < used_.size(); ++r)
        w.block_nanoseconds +=
            static_cast<double>(used_[r]) * static_cast<double>(std::min(arrival_.back() - arrival_[r], w.length));
      out_.retention[i].mean_blocks = w.block_nanoseconds / static_cast<double>(out_.span.value());
    }
  }

  const traces::Trace& trace_;
  std::span<const std::int64_t> arrival_;
  std::vector<std::uint32_t> last_;  // by block: the request that used it last
  std::vector<std::uint64_t> used_;  // by request: blocks that it used last
  std::vector<Window> windows_;
  ReuseIntervals out_;
};

}  // namespace

ReuseIntervals reuse_intervals(const traces::Trace& trace, std::span<const Duration> windows) {
  return Pass(trace, windows).run();
}

}  // namespace tiersim
