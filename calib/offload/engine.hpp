#pragma once
/// A small serving engine over real tiers: a pool of KV frames in memory, a file on a drive, a decoder that computes.
///
/// Called by validate_offload and by tests. It serves the requests of a trace one at a time, in the trace's order, each
/// as soon as the one before has ended (the simulator's load `concurrency: 1` with `max_sequences: 1`, `load: always`,
/// `write: through`): finds the longest cached prefix, loads what is on the drive into frames and waits for it,
/// computes the rest of the prompt in chunks of max_batched_tokens, offers the prompt's blocks to the drive, computes
/// the answer token by token, offers the answer's blocks and lets go of its frames. Writes go on meanwhile. What
/// prompts and answers say follows from their block ids (the trace dictates the answers, whatever the logits), so a
/// block's KV is the same whoever computes it. Decisions are TwoTiers's, data move by BlockMover, time is the steady
/// clock's. Departs from the simulator where blocks run out behind writes that go on: it waits for them, the simulator
/// preempts.
///
/// Preconditions (std::invalid_argument): the trace has block ids that the shape's block divides; memory has a frame
/// for every block of the largest request and as many more as one answer has. Errors: those of the drive.
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "calib/host/io.hpp"
#include "calib/offload/compute.hpp"
#include "sim/serving/workload.hpp"

namespace tiersim::calib {

/// The file of the lower tier: frame i starts at byte i * frame_bytes. Frames of memory and file are aligned as the
/// file wants it.
struct OffloadDrive {
  IoEngine* io = nullptr;  ///< null: no drive
  int file = -1;
  std::int64_t frames = 0;
};

struct OffloadEngineSetup {
  DecoderShape shape;
  std::int64_t frames = 0;  ///< of memory
  std::string eviction = "lru";
  std::int64_t max_batched_tokens = 512;
  std::span<std::byte> memory;  ///< at least frames * frame_bytes
  OffloadDrive drive;
  std::uint64_t seed = 1;
};

/// Seconds since the start of the run; phases: their lengths in seconds.
struct ServedRequest {
  double queued = 0, first_token = 0, end = 0;
  double lookup = 0, load_wait = 0, prefill = 0, decode = 0;
  std::int64_t prompt = 0, output = 0;           ///< tokens
  std::int64_t hits_memory = 0, hits_drive = 0;  ///< blocks of the prompt
  std::int64_t computed = 0;                     ///< tokens of the prompt
  std::int64_t written = 0;                      ///< blocks, to the drive
};

struct OffloadRun {
  std::vector<ServedRequest> requests;
  double seconds = 0;                           ///< from the first request to the last token
  std::int64_t evicted = 0, drive_evicted = 0;  ///< named blocks that made room for others
  bool stopped = false;
};

struct OffloadHooks {
  std::function<bool()> stop = [] { return false; };  ///< asked before each request
  /// For tests: the logits that produced a request's token `index` (0: the first).
  std::function<void(RequestId request, std::int64_t index, std::span<const float> logits)> on_token;
};

/// Throws std::invalid_argument with the reason if this setup cannot serve this workload.
void check_offload(const OffloadEngineSetup& setup, const Workload& workload);
/// Frames of memory that the engine asks for at least.
[[nodiscard]] std::int64_t least_frames(const Workload& workload);

/// Starts with empty tiers.
[[nodiscard]] OffloadRun serve(const OffloadEngineSetup& setup, const Workload& workload, Compute& compute,
                               const OffloadHooks& hooks = {});

}  // namespace tiersim::calib
