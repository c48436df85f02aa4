#pragma once
/// A small serving engine's decisions over three tiers of KV: HBM, pinned DRAM, a drive.
///
/// Called by the offload program, and by its test with a machine that only keeps books. Requests are served one at a
/// time in the trace's order, each as soon as the one before has ended (in the simulator: concurrency 1, load: always,
/// write: through, the drive staged): find the longest prefix, each block in the fastest tier that has it; load what
/// is not in HBM and wait; compute the rest of the prompt; offer the prompt's blocks to DRAM; compute the answer; offer
/// its blocks; let go. What has arrived in DRAM is offered to the drive. Writes go on meanwhile; a block can be found
/// where it is written when it has arrived, and a write for which there is no frame is left out. Moving and computing
/// are the machine's. Throws std::invalid_argument if HBM cannot hold the largest request.
#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "calib/cuda/frame_cache.hpp"
#include "calib/cuda/offload_trace.hpp"

namespace tiersim::calib {

enum class OffloadTier : std::uint8_t { hbm, dram, drive };

/// A frame's content into a frame of HBM.
struct FrameLoad {
  OffloadTier from = OffloadTier::dram;
  int frame = 0, hbm = 0;
};

/// HBM to DRAM, or DRAM to the drive.
struct FrameWrite {
  std::uint64_t number = 0;
  OffloadTier to = OffloadTier::dram;
  int from = 0, target = 0;
};

/// A request's frames of HBM and what each holds, by position. Contents from `found` blocks on are yet to be made.
struct OffloadSequence {
  std::span<const int> frames;
  std::span<const std::int64_t> contents;
  int prompt = 0, output = 0, found = 0;  ///< tokens, tokens, blocks
};

class OffloadMachine {
 public:
  virtual ~OffloadMachine() = default;
  virtual double now() = 0;  ///< s
  // These return when it is done.
  virtual void load(std::span<const FrameLoad> loads) = 0;
  virtual void compute_prompt(const OffloadSequence& sequence) = 0;
  virtual void compute_answer(const OffloadSequence& sequence) = 0;
  // Writes go on meanwhile.
  virtual void start_write(const FrameWrite& write) = 0;
  /// Numbers of writes that have ended since; with `wait`, not before one has.
  virtual std::vector<std::uint64_t> ended_writes(bool wait) = 0;
};

struct OffloadSetup {
  std::array<std::int64_t, 3> frames{};  ///< by tier; none but HBM's need be positive
  Eviction eviction = Eviction::lru;
};

/// Seconds since the start; phases: their lengths in seconds.
struct OffloadedRequest {
  double queued = 0, first_token = 0, end = 0;
  double lookup = 0, load_wait = 0, prefill = 0, decode = 0;
  int prompt = 0, output = 0;     ///< tokens
  std::array<int, 3> hits{};      ///< blocks of the prompt, by tier
  int computed = 0;               ///< tokens of the prompt
  int written = 0, left_out = 0;  ///< blocks offered to DRAM
};

class OffloadEngine {
 public:
  OffloadEngine(const OffloadSetup& setup, OffloadMachine& machine);
  /// Stops early, between requests, once stop() holds.
  [[nodiscard]] std::vector<OffloadedRequest> serve(std::span<const OffloadRequest> requests,
                                                    const std::function<bool()>& stop);
  /// Waits for all writes.
  void drain();
  [[nodiscard]] const FrameCache& tier(OffloadTier tier) const { return tiers_[static_cast<std::size_t>(tier)]; }

 private:
  struct Found {
    OffloadTier tier = OffloadTier::hbm;
    int frame = 0;
  };
  struct Working {
    std::vector<int> frames;
    std::vector<std::int64_t> contents;
    int found = 0;
  };
  FrameCache& cache(OffloadTier tier) { return tiers_[static_cast<std::size_t>(tier)]; }
  [[nodiscard]] OffloadedRequest serve_one(const OffloadRequest& request, std::int64_t index);
  [[nodiscard]] std::vector<Found> find(const OffloadRequest& request);
  void load(const OffloadRequest& request, std::span<const Found> found, Working& working);
  void grow(const OffloadRequest& request, std::int64_t index, int blocks, Working& working);
  void offer(const OffloadRequest& request, int first, int last, const Working& working, OffloadedRequest& row);
  void name(const OffloadRequest& request, int first, int last, const Working& working);
  [[nodiscard]] int take_hbm();
  bool start_write(OffloadTier to, std::int64_t block, int from);
  void take_ended(bool wait);

  OffloadMachine& machine_;
  std::array<FrameCache, 3> tiers_;
  struct UnderWay {
    FrameWrite write;
    std::int64_t block = 0;
  };
  std::unordered_map<std::uint64_t, UnderWay> writes_;
  std::array<std::unordered_set<std::int64_t>, 3> arriving_;
  std::uint64_t next_write_ = 0;
};

}  // namespace tiersim::calib
