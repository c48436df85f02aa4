#include "calib/offload/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <stdexcept>

#include "calib/offload/block_mover.hpp"
#include "calib/offload/text.hpp"
#include "calib/offload/two_tiers.hpp"

namespace tiersim::calib {
namespace {

/// A drive that is never used, for engines without one.
class NoDrive final : public IoEngine {
 public:
  std::string_view name() const override { return "none"; }
  std::size_t depth() const override { return 0; }
  std::size_t in_flight() const override { return 0; }
  void submit(std::span<const IoRequest>) override {}
  std::size_t reap(std::span<std::uint64_t>, std::size_t) override { return 0; }
};

class Engine {
 public:
  Engine(const OffloadEngineSetup& setup, const Workload& workload, Compute& compute, const OffloadHooks& hooks)
      : setup_(setup),
        workload_(workload),
        compute_(compute),
        hooks_(hooks),
        tiers_({setup.frames, setup.drive.io == nullptr ? 0 : setup.drive.frames, setup.eviction, "lru",
                workload.distinct_blocks(), setup.seed}),
        mover_(setup.drive.io == nullptr ? no_drive_ : *setup.drive.io, setup.drive.file, setup.shape.frame_bytes()) {}

  OffloadRun run() {
    OffloadRun out;
    std::vector<std::vector<std::uint32_t>> texts;
    for (std::size_t r = 0; r < workload_.size(); ++r)
      texts.push_back(text_of(workload_, RequestId(r), setup_.shape.vocabulary));
    start_ = Clock::now();
    for (std::size_t r = 0; r < workload_.size() && !out.stopped; ++r) {
      out.stopped = hooks_.stop();
      if (!out.stopped) out.requests.push_back(serve(RequestId(r), texts[r]));
    }
    out.seconds = out.requests.empty() ? 0 : out.requests.back().end;
    while (!mover_.idle()) poll(true);  // writes that outlive the last token
    out.evicted = tiers_.evicted();
    out.drive_evicted = tiers_.drive_evicted();
    return out;
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// The request at hand.
  struct Sequence {
    RequestId request;
    std::span<const std::uint32_t> text;
    std::vector<BlockId> names;    // of prompt and answer
    std::vector<FrameId> frames;   // by position
    std::vector<float*> pointers;  // to them
    std::int64_t computed = 0;     // tokens with KV
    std::int64_t named = 0;        // blocks whose frames are known to hold them
  };

  [[nodiscard]] double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  [[nodiscard]] Time now() const {
    return Time(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start_).count());
  }
  [[nodiscard]] std::byte* memory_of(FrameId frame) const {
    return setup_.memory.data() + static_cast<std::int64_t>(frame.index()) * setup_.shape.frame_bytes();
  }

  ServedRequest serve(RequestId request, std::span<const std::uint32_t> text) {
    ServedRequest out;
    out.queued = elapsed();
    out.prompt = workload_.prompt(request);
    out.output = workload_.output(request);
    Sequence s{request, text, {}, {}, {}, 0, 0};
    workload_.append_blocks(request, workload_.named_blocks(request, out.prompt + out.output), s.names);
    find_and_load(s, out);
    out.computed = out.prompt - s.computed;
    const double loaded = elapsed();
    prefill(s, out);
    out.first_token = elapsed();
    out.prefill = out.first_token - loaded;
    out.written += offer(s, 0, workload_.named_blocks(request, out.prompt));
    decode(s, out);
    finish(s, out);
    out.end = elapsed();
    out.decode = out.end - out.first_token;
    return out;
  }

  /// The last token of the prompt is always computed, whatever is cached.
  void find_and_load(Sequence& s, ServedRequest& out) {
    const auto most = static_cast<std::size_t>((out.prompt - 1) / workload_.block_tokens());
    const auto wanted = std::span<const BlockId>(s.names).first(std::min(most, s.names.size()));
    const std::vector<PrefixRun> prefix = tiers_.find(wanted);
    std::vector<TierMove> loads;
    wait_until([&] { return tiers_.take(s.request, prefix, wanted, s.frames, loads, now()); });
    for (const PrefixRun& run : prefix) (run.tier == 0 ? out.hits_memory : out.hits_drive) += run.count;
    s.named = static_cast<std::int64_t>(s.frames.size());
    s.computed = s.named * workload_.block_tokens();
    loading_ += loads.size();
    for (TierMove& load : loads) start(IoKind::read, std::move(load));
    const double found = elapsed();
    out.lookup = found - out.queued;
    while (loading_ > 0) poll(true);
    out.load_wait = elapsed() - found;
  }

  void prefill(Sequence& s, const ServedRequest& out) {
    while (s.computed < out.prompt) {
      const std::int64_t end = std::min(out.prompt, s.computed + setup_.max_batched_tokens);
      step(s, end, false, end == out.prompt ? 0 : -1);
    }
  }

  void decode(Sequence& s, const ServedRequest& out) {
    for (std::int64_t index = 1; index < out.output; ++index) step(s, s.computed + 1, true, index);
  }

  /// Computes the tokens up to `end`; a token comes of it if `index` (its place in the answer) is not negative.
  void step(Sequence& s, std::int64_t end, bool decode, std::int64_t index) {
    const auto held = static_cast<std::int64_t>(s.frames.size());
    const std::int64_t fresh = workload_.blocks_for(end) - held;
    wait_until([&] { return tiers_.grow(std::max<std::int64_t>(0, fresh), s.frames, now()); });
    if (!decode) name(s, end / workload_.block_tokens());
    for (std::size_t i = s.pointers.size(); i < s.frames.size(); ++i)
      s.pointers.push_back(reinterpret_cast<float*>(memory_of(s.frames[i])));
    const auto tokens =
        s.text.subspan(static_cast<std::size_t>(s.computed), static_cast<std::size_t>(end - s.computed));
    const std::span<const float> logits = compute_.step({tokens, s.computed, s.pointers, decode, index >= 0});
    if (hooks_.on_token && index >= 0) hooks_.on_token(s.request, index, logits);
    s.computed = end;
    poll(false);
  }

  /// Full blocks can be found by their names as soon as their step begins, an answer's when the request ends.
  void name(Sequence& s, std::int64_t to) {
    const auto from = static_cast<std::size_t>(s.named);
    const auto end = std::min(static_cast<std::size_t>(to), s.names.size());
    if (end <= from) return;
    tiers_.insert(s.request, static_cast<std::uint32_t>(from), std::span(s.names).subspan(from, end - from),
                  std::span(s.frames).subspan(from, end - from), now());
    s.named = static_cast<std::int64_t>(end);
  }

  void finish(Sequence& s, ServedRequest& out) {
    const std::int64_t of_prompt = workload_.named_blocks(s.request, out.prompt);
    const std::int64_t all = workload_.named_blocks(s.request, s.computed);
    name(s, all);
    out.written += offer(s, of_prompt, all);
    const auto known = static_cast<std::size_t>(s.named);
    if (s.frames.size() > known)
      tiers_.insert(s.request, static_cast<std::uint32_t>(known), {}, std::span(s.frames).subspan(known), now());
    tiers_.release(s.request, s.frames, now());
  }

  /// Blocks [from, to) of the sequence go to the drive, as far as it takes them. Returns how many do.
  std::int64_t offer(const Sequence& s, std::int64_t from, std::int64_t to) {
    if (to <= from) return 0;
    const auto first = static_cast<std::size_t>(from), count = static_cast<std::size_t>(to - from);
    TierMove write = tiers_.offer(s.request, static_cast<std::uint32_t>(from), std::span(s.names).subspan(first, count),
                                  std::span(s.frames).subspan(first, count), now());
    const auto blocks = static_cast<std::int64_t>(write.blocks.size());
    if (blocks > 0) start(IoKind::write, std::move(write));
    return blocks;
  }

  void start(IoKind kind, TierMove move) {
    std::vector<BlockMove> blocks;
    for (std::size_t i = 0; i < move.memory.size(); ++i)
      blocks.push_back({memory_of(move.memory[i]), static_cast<std::int64_t>(move.drive[i].index())});
    const BlockMover::Transfer transfer = mover_.start(kind, blocks);
    moving_.emplace(transfer, Moving{kind, std::move(move)});
  }

  void poll(bool wait) {
    ended_.clear();
    mover_.poll(wait, ended_);
    for (const BlockMover::Transfer transfer : ended_) {
      const auto at = moving_.find(transfer);
      if (at->second.kind == IoKind::read) {
        tiers_.loaded(at->second.move, now());
        --loading_;
      } else {
        tiers_.written(at->second.move, now());
      }
      moving_.erase(at);
    }
  }

  /// Tries again whenever an I/O has ended: writes hold frames.
  template <class Attempt>
  void wait_until(const Attempt& attempt) {
    while (!attempt()) {
      ensure(!mover_.idle(), "the offload engine ran out of frames with nothing under way");
      poll(true);
    }
  }

  struct Moving {
    IoKind kind;
    TierMove move;
  };

  const OffloadEngineSetup& setup_;
  const Workload& workload_;
  Compute& compute_;
  const OffloadHooks& hooks_;
  NoDrive no_drive_;
  TwoTiers tiers_;
  BlockMover mover_;
  Clock::time_point start_;
  std::map<BlockMover::Transfer, Moving> moving_;
  std::size_t loading_ = 0;                  // loads that the request at hand waits for
  std::vector<BlockMover::Transfer> ended_;  // scratch
};

}  // namespace

std::int64_t least_frames(const Workload& workload) {
  std::int64_t request = 0, answer = 0;
  for (std::size_t r = 0; r < workload.size(); ++r) {
    request = std::max(request, workload.most_blocks(RequestId(r)));
    answer = std::max(answer, workload.blocks_for(workload.output(RequestId(r))) + 1);
  }
  return request + answer;
}

void check_offload(const OffloadEngineSetup& setup, const Workload& workload) {
  const auto refuse = [](const std::string& reason) { throw std::invalid_argument("offload: " + reason); };
  if (workload.distinct_blocks() == 0) refuse("the trace names no blocks");
  if (workload.block_tokens() != setup.shape.block) refuse("the decoder and the workload have different blocks");
  if (setup.frames < least_frames(workload))
    refuse(fmt::format("{} frames of memory, the trace needs {}", setup.frames, least_frames(workload)));
  if (static_cast<std::int64_t>(setup.memory.size()) < setup.frames * setup.shape.frame_bytes())
    refuse("less memory than frames");
}

OffloadRun serve(const OffloadEngineSetup& setup, const Workload& workload, Compute& compute,
                 const OffloadHooks& hooks) {
  check_offload(setup, workload);
  return Engine(setup, workload, compute, hooks).run();
}

}  // namespace tiersim::calib
