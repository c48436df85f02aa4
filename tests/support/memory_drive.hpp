#pragma once
/// A drive in memory for tests of the offload engine: what is submitted has ended when somebody looks.
///
/// Whoever waits gets the reads first, and the writes only if there are none; whoever only looks gets all. An I/O moves
/// its data when it is reaped, not before, so that a frame that is given away too early shows, and the file starts out
/// as NaN, so that what was never written shows.
#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "calib/host/io.hpp"

namespace tiersim::test {

class MemoryDrive final : public calib::IoEngine {
 public:
  MemoryDrive(std::int64_t bytes, std::size_t depth)
      : data_(static_cast<std::size_t>(bytes) / 4, kNothing), depth_(depth) {}
  std::string_view name() const override { return "memory"; }
  std::size_t depth() const override { return depth_; }
  std::size_t in_flight() const override { return flying_.size(); }
  void submit(std::span<const calib::IoRequest> requests) override {
    flying_.insert(flying_.end(), requests.begin(), requests.end());
  }
  /// The last submitted end first.
  std::size_t reap(std::span<std::uint64_t> tags, std::size_t least) override {
    const auto is_read = [](const calib::IoRequest& io) { return io.kind == calib::IoKind::read; };
    std::stable_partition(flying_.begin(), flying_.end(), [&](const auto& io) { return !is_read(io); });
    const auto reads = static_cast<std::size_t>(std::count_if(flying_.begin(), flying_.end(), is_read));
    const std::size_t due = least > 0 && reads > 0 ? reads : flying_.size();
    const std::size_t count = std::min(tags.size(), due);
    for (std::size_t i = 0; i < count; ++i) {
      const calib::IoRequest& io = flying_.back();
      std::byte* at = reinterpret_cast<std::byte*>(data_.data()) + io.offset;
      const auto bytes = static_cast<std::size_t>(io.bytes);
      is_read(io) ? std::memcpy(io.data, at, bytes) : std::memcpy(at, io.data, bytes);
      tags[i] = io.tag;
      flying_.pop_back();
    }
    return count;
  }

  static constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();

 private:
  std::vector<float> data_;
  std::size_t depth_;
  std::vector<calib::IoRequest> flying_;
};

}  // namespace tiersim::test
