#pragma once
/// Moves blocks between frames of memory and a file's, many at a time, while the caller computes.
///
/// Called by OffloadEngine alone, from one thread. A transfer is a list of blocks, one I/O each; it has ended when all
/// of them have. start() hands over as many I/Os as the engine below takes at once; the rest waits here and follows in
/// poll(), reads before writes: somebody waits for reads. Transfers are numbered from 0 on and end in any order.
/// Memory must stay as it is until its transfer has ended. Errors: what IoEngine throws. Cost: that of the I/Os.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "calib/host/io.hpp"

namespace tiersim::calib {

struct BlockMove {
  std::byte* memory = nullptr;
  std::int64_t frame = 0;  ///< of the file
};

class BlockMover {
 public:
  using Transfer = std::uint64_t;

  /// Frame i of the file starts at byte i * block_bytes. `io` must outlive the mover.
  BlockMover(IoEngine& io, int file, std::int64_t block_bytes) : io_(io), file_(file), block_bytes_(block_bytes) {}
  /// Waits for what is in flight and forgets what is not.
  ~BlockMover();
  BlockMover(const BlockMover&) = delete;
  BlockMover& operator=(const BlockMover&) = delete;

  Transfer start(IoKind kind, std::span<const BlockMove> blocks);
  /// Appends the transfers that have ended since; with `wait`, not before at least one I/O has.
  void poll(bool wait, std::vector<Transfer>& ended);
  [[nodiscard]] bool idle() const { return io_.in_flight() == 0 && reads_.empty() && writes_.empty(); }

 private:
  void submit();

  IoEngine& io_;
  int file_;
  std::int64_t block_bytes_;
  std::deque<IoRequest> reads_, writes_;  // not yet handed over
  std::vector<std::size_t> left_;         // I/Os, by transfer
  std::vector<IoRequest> batch_;          // scratch
  std::vector<std::uint64_t> tags_;       // scratch
};

}  // namespace tiersim::calib
