#pragma once
/// The tiers together: where a prefix is, and what moves when blocks are loaded, written down, or make room.
///
/// Tier 0 is HBM, one Tier per replica (a tensor-parallel group; its ranks hold equal shares of each block). Tiers 1,
/// 2, ... are shared by the replicas of the node, fastest first, each fed by one above it. Moves are Transfers:
/// one or more flows (one a rank over that rank's own link; one between lower tiers), finished when the last flow ends.
///
///   load        lower tier -> HBM, for a request; sources pinned, target frames allocated by the replica
///   write       upper -> lower, `through`: when blocks appear in the upper tier; source pinned until it ends
///   write-back  upper -> lower, `back`: when a block is evicted and no lower tier has it. The frame is promised to its
///               new owner at once, who may use it when the write-back has ended: a loading request waits for it, a
///               running batch's next step does, a write into the frame starts after it.
///   prefetch    slow lower tier -> the first lower tier, before anybody asks for the blocks; source pinned
/// A block being written is found in the lower tier when it has arrived. A tier takes at most `backlog` bytes of writes
/// that have not arrived; what comes on top is refused, as is what the admission policy refuses.
///
/// Each tier feeds one below it: with writes (through) and, unless a placement policy says otherwise, with what it
/// evicts (back). Copies: by default a load leaves the lower copy. `exclusive`: it takes it away. `inclusive`: what
/// leaves this tier leaves the tiers above too, as far as nobody references it there.
///
/// Chunks: a lower tier may hold larger objects than the engine's blocks (LMCache's chunks, Mooncake Store's objects).
/// One of its frames then holds a chunk of G blocks at positions kG .. kG+G-1 of a sequence, always all of them; block
/// b is in chunk b / G, which its tier, policies and prefix tree see as the id of a block of G times the tokens. A
/// block is found where its chunk is. A load moves the whole chunk, even where HBM has some of its blocks or the
/// request ends inside it, but takes HBM frames for wanted blocks only; a write is offered when all blocks of the chunk
/// are there, so the rest of a sequence behind its last whole chunk is not stored. G is a multiple of the G of every
/// tier above; what is written back, and what is prefetched, moves between tiers of the same G. Counts (TierUse) are in
/// engine blocks.
///
/// Called by replicas (match, load, write, evicted) and by the simulation (on_flow_end, prefetch). Cost: O(1) per block
/// and tier. Buffers of transfers are used again. Source of the write modes: SGLang HiCache, LMCache and vLLM's
/// offloading connector.
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hw/topology.hpp"
#include "sim/core/zeroed_array.hpp"
#include "sim/memory/admission.hpp"
#include "sim/memory/placement.hpp"
#include "sim/memory/shared_pins.hpp"
#include "sim/memory/tier.hpp"
#include "sim/transfer/transfer_engine.hpp"

namespace tiersim {

inline constexpr std::size_t kMaxTiers = 8;  ///< HBM included

using TransferId = Id<struct TransferTag>;

enum class WriteMode { through, back };
enum class MoveKind { load, write, write_back, prefetch };

/// A lower tier as configured.
struct LowerTierSetup {
  std::string name;
  std::unique_ptr<Tier> tier;
  std::unique_ptr<AdmissionPolicy> admission;
  WriteMode write = WriteMode::through;
  bool exclusive = false;      ///< a load removes the lower copy
  bool inclusive = false;      ///< what leaves it leaves the tiers above
  PinSettings pins{};          ///< in chunks
  std::uint32_t chunk = 1;     ///< engine blocks that a frame holds; the tier's capacity and ids are in chunks
  Bytes block_bytes;           ///< of one engine block as stored here and moved to and from here, over all ranks
  Bytes backlog;               ///< of writes not yet arrived
  Tokens min_tokens;           ///< a shorter run is not loaded from here
  bool staged = false;         ///< loads bounce through host memory: all bytes to the host first, then to the GPUs
  std::int64_t fragments = 1;  ///< that a chunk lies in here: 1, or one a layer
  hw::PlaceId place;

  [[nodiscard]] Bytes chunk_bytes() const { return block_bytes * chunk; }
  /// The frame that holds an engine block, or none().
  [[nodiscard]] FrameId frame_of(BlockId block) const {
    return tier->frame_of(chunk == 1 ? block : BlockId(block.value() / chunk));
  }
};

/// `count` blocks from position `begin` of a sequence, all in `tier` (0: HBM).
struct PrefixRun {
  std::size_t tier = 0;
  std::uint32_t begin = 0, count = 0;
};

/// Why a block that was wanted was not used.
enum class MissCause : std::uint8_t {
  compulsory,   ///< nobody had computed it
  elsewhere,    ///< only another replica had, and there is no tier that they share
  capacity,     ///< it had been there and had to make room
  admission,    ///< the tier below had not let it in
  preemption,   ///< the request itself had it before it was preempted
  passed_over,  ///< it was there: behind a missing block, still arriving, or not worth its load
};
inline constexpr std::size_t kMissCauses = 6;

/// Who waits for a transfer: a request of a replica, or (none) the replica's next step.
struct Waiter {
  ReplicaId replica;
  RequestId request;
  bool by_layer = false;  ///< a step that overlaps with the transfer, layer by layer
};

/// What a transfer is for.
struct MoveInfo {
  MoveKind kind = MoveKind::load;
  ReplicaId replica;                   ///< at the HBM end, or none()
  RequestId request;                   ///< that it serves, or none()
  std::size_t source = 0, target = 0;  ///< tiers
};

/// Counts of one tier since the start of the run, in engine blocks: of a chunk that moves, all of its.
struct TierUse {
  std::int64_t loads = 0, loaded_blocks = 0;
  std::int64_t written_blocks = 0, refused_blocks = 0, write_backs = 0;
  std::int64_t prefetched_blocks = 0, prefetched_used = 0;  ///< brought up into it; of those, loaded later
};

class Hierarchy {
 public:
  struct Setup {
    std::vector<std::unique_ptr<Tier>> hbm;       ///< by replica
    std::vector<std::vector<hw::PlaceId>> ranks;  ///< by replica: its GPUs
    std::vector<LowerTierSetup> lower;
    hw::PlaceId host;  ///< the host's root, where staged loads stop over
    std::size_t named_blocks = 0;
    Tokens block_tokens;
    bool free_transfers = false;      ///< every move ends at once
    std::vector<std::uint8_t> feeds;  ///< by tier: the tier below that it feeds or kNowhere; empty: each the next
  };
  Hierarchy(Setup setup, const hw::Topology& topology, TransferEngine& engine);

  [[nodiscard]] std::size_t tiers() const { return lower_.size() + 1; }
  [[nodiscard]] Tier& hbm(ReplicaId replica) { return *hbm_[replica.index()]; }
  [[nodiscard]] const Tier& hbm(ReplicaId replica) const { return *hbm_[replica.index()]; }
  [[nodiscard]] const LowerTierSetup& lower(std::size_t tier) const { return lower_[tier - 1]; }
  [[nodiscard]] const TierUse& use(std::size_t tier) const { return use_[tier]; }
  /// By tier: the one below that it feeds, or kNowhere.
  [[nodiscard]] std::span<const std::uint8_t> feeds() const { return feeds_; }
  /// Where what a tier gives up goes; without one, to the tier that it feeds. Before anything moves.
  void set_placement(std::unique_ptr<PlacementPolicy> policy) { placement_ = std::move(policy); }

  /// The longest contiguous prefix of `blocks` over the union of the tiers, each block from the fastest that has it;
  /// runs shorter than their tier's min_tokens end it. Appends to `runs`; returns the prefix's length in blocks.
  std::uint32_t match(ReplicaId replica, std::span<const BlockId> blocks, std::vector<PrefixRun>& runs) const;
  /// The cause of a miss on a named block at a first admission.
  [[nodiscard]] MissCause cause_of(ReplicaId replica, BlockId block) const;
  /// Notes that the replica has computed (or is computing) these named blocks.
  void mark_seen(ReplicaId replica, std::span<const BlockId> blocks);

  /// How long loading these runs would take from now, with links as busy as they are.
  [[nodiscard]] Duration estimate_load(ReplicaId replica, std::span<const PrefixRun> runs, Time now) const;
  /// Pins a run of blocks in its lower tier, so that making room for it above cannot push it out: load() comes next.
  void hold(RequestId request, const PrefixRun& run, std::span<const BlockId> blocks, Time now);
  /// Starts loading a run of blocks that hold() pinned into allocated HBM frames. `after` is a write-back that frees
  /// those frames, or none(). The transfer has no waiter yet.
  TransferId load(ReplicaId replica, RequestId request, const PrefixRun& run, std::span<const BlockId> blocks,
                  std::span<const FrameId> frames, TransferId after, Time now, bool record_progress);
  /// Offers consecutive blocks of a sequence that are in HBM to the next tier (write-through tiers take what they lack,
  /// others nothing). The first `repeated` of them were offered before: they are there for the chunk that they begin.
  void write(ReplicaId replica, RequestId request, std::span<const BlockId> blocks, std::span<const FrameId> frames,
             std::uint32_t first_position, Time now, std::uint32_t repeated = 0);
  /// Blocks before this position that lie in the same chunk of the tier that HBM feeds.
  [[nodiscard]] std::uint32_t before_in_chunk(std::uint32_t position) const {
    return feeds_[0] == kNowhere ? 0 : position % chunk_of(feeds_[0]);
  }
  /// Blocks that left the HBM of a replica to make room. Returns the write-back that must end before their frames can
  /// be used, or none().
  TransferId evicted_from_hbm(ReplicaId replica, std::span<const BlockId> blocks, Time now);

  /// Brings what of these blocks' longest prefix lies in slower tiers of the same chunks up to the first lower tier, as
  /// far as there is room that nobody references. `blocks`: a sequence from its head.
  void prefetch(RequestId request, std::span<const BlockId> blocks, Time now);

  /// Appends the prefetches on behalf of this request that are under way.
  void prefetches_of(RequestId request, std::vector<TransferId>& out) const;

  /// The load that still fills this HBM frame, or none().
  [[nodiscard]] TransferId filling(ReplicaId replica, FrameId frame) const;
  [[nodiscard]] bool pending(TransferId transfer) const;
  void wait(TransferId transfer, Waiter waiter);
  /// A flow ended: finishes its transfer if it was the last, and appends those who waited for it.
  void on_flow_end(const EndedFlow& flow, Time now, std::vector<Waiter>& released);
  /// The replica at the HBM end of a transfer that is not finished.
  [[nodiscard]] ReplicaId replica_of(TransferId transfer) const { return transfers_[transfer.index()].replica; }

  [[nodiscard]] MoveInfo move_of(TransferId transfer) const {
    const Transfer& t = transfers_[transfer.index()];
    return {t.kind, t.replica, t.request, t.source, t.target};
  }

  /// Whether blocks are on their way into the HBM of this replica, or out of it: what slows its kernels down.
  [[nodiscard]] bool copies_in(ReplicaId replica) const { return copies_[replica.index()].in > 0; }
  [[nodiscard]] bool copies_out(ReplicaId replica) const { return copies_[replica.index()].out > 0; }

  /// Blocks on their way into lower tiers or HBM.
  [[nodiscard]] std::int64_t transfers_live() const { return live_; }
  /// Throws InternalError where an invariant of the run is broken: called at its end.
  void check_conservation() const;

 private:
  struct Transfer {
    TransferId id;
    MoveKind kind = MoveKind::load;
    bool live = false;
    ReplicaId replica;  // of the HBM end, if there is one
    std::size_t source = 0, target = 0;
    std::uint32_t first_position = 0;  // in chunks of its lower end, as its blocks
    RequestId request;
    std::uint32_t flows_left = 0;
    Bytes bytes;
    Time started;
    std::vector<BlockId> blocks;
    std::vector<FrameId> source_frames, target_frames;
    std::vector<FlowId> flows;
    std::vector<Waiter> waiters;
  };

  /// Transfers with flows.
  struct Copies {
    std::int64_t in = 0, out = 0;
  };

  struct Leg {
    hw::PlaceId from, to;
    Bytes bytes;
  };

  Transfer& open(MoveKind kind, ReplicaId replica, RequestId request, std::size_t source, std::size_t target, Time now);
  void start_flows(Transfer& transfer, TransferId after, Time now, bool record_progress);
  /// What a transfer's blocks are moved in: the pieces of the more scattered of its lower tiers.
  [[nodiscard]] Operations pieces_of(const Transfer& transfer) const;
  FlowId start_flow(Transfer& transfer, const Leg& leg, FlowId after, Time now, bool record_progress);
  void finish(Transfer& transfer, Time now);
  void close(Transfer& transfer);
  void count_copy(const Transfer& transfer, std::int64_t change);
  [[nodiscard]] Tier& tier_at(std::size_t tier, ReplicaId replica) {
    return tier == 0 ? *hbm_[replica.index()] : *lower_[tier - 1].tier;
  }
  [[nodiscard]] bool in_or_below(std::size_t tier, BlockId block) const;
  /// Engine blocks in what a frame of the tier holds.
  [[nodiscard]] std::uint32_t chunk_of(std::size_t tier) const { return tier == 0 ? 1 : lower_[tier - 1].chunk; }
  /// How many of the source's contents one of the target's holds.
  [[nodiscard]] std::uint32_t ratio(std::size_t source, std::size_t target) const {
    return chunk_of(target) / chunk_of(source);
  }
  /// What of a tier's contents these consecutive engine blocks lie in; `room` keeps them if they are no blocks.
  [[nodiscard]] std::span<const BlockId> contents_of(std::size_t tier, std::span<const BlockId> blocks,
                                                     std::vector<BlockId>& room) const;
  /// Chunks that lie wholly in these blocks of a sequence in HBM, and their frames there.
  static void whole_chunks(std::uint32_t ratio, std::span<const BlockId> blocks, std::span<const FrameId> frames,
                           std::vector<BlockId>& chunks, std::vector<FrameId>& parts);
  /// Chunks that these contents of a lower tier complete there, and their frames in it.
  void completed_chunks(std::size_t source, std::uint32_t ratio, std::span<const BlockId> contents,
                        std::vector<BlockId>& chunks, std::vector<FrameId>& parts) const;
  /// Offers blocks of a tier to the one that it feeds, if that is written through.
  void offer(std::size_t source, ReplicaId replica, RequestId request, std::span<const BlockId> blocks,
             std::span<const FrameId> frames, std::uint32_t first_position, Time now);
  /// The same in contents of the target, each with as many frames of the source as it is made of.
  void offer_contents(std::size_t source, ReplicaId replica, RequestId request, std::span<const BlockId> contents,
                      std::span<const FrameId> frames, std::uint32_t first_position, Time now);
  /// References what a write reads.
  void pin_sources(Transfer& transfer, Time now);
  void hold_contents(RequestId request, std::size_t tier, std::uint32_t position, std::span<const BlockId> contents,
                     Time now);
  /// Chooses what of `blocks` (contents of the target, none of them there) enters the transfer's target tier and gets
  /// frames for it; `source_frames`: of each as many, or none.
  /// Returns the write-back that must end before those frames can be written, or `after` if there is none.
  TransferId take_in(Transfer& transfer, std::span<const BlockId> blocks, std::span<const FrameId> source_frames,
                     TransferId after, Time now);
  /// Frames in the target tier for the blocks that the transfer has; returns as take_in() does.
  TransferId give_frames(Transfer& transfer, TransferId after, Time now);
  /// Contents left a tier to make room. Their write-backs start after `after`, one after the other; returns the last.
  TransferId evicted_from(std::size_t tier, ReplicaId replica, std::span<const BlockId> blocks, TransferId after,
                          Time now);
  TransferId write_back(std::size_t from, std::size_t target, ReplicaId replica, std::span<const BlockId> blocks,
                        TransferId after, Time now);
  /// Takes copies above an inclusive tier away.
  void drop_above(std::size_t tier, std::span<const BlockId> blocks);
  /// How many chunks the tier can still be sent.
  [[nodiscard]] std::int64_t room_in(std::size_t tier) const;
  /// Tells the pins of a tier that these contents, referenced in it, have been used.
  void keep_shared(std::size_t tier, std::span<const BlockId> blocks, std::span<const FrameId> frames, Time now);
  /// The slow tier from which a content of the first lower tier would come, whose blocks `part` are wanted; 0 if it is
  /// higher up, kMaxTiers if it is nowhere.
  [[nodiscard]] std::size_t slow_home(BlockId content, std::span<const BlockId> part) const;
  /// Starts to bring a run of contents, held in its slow tier, up to the first lower tier, as far as there is room.
  void fetch(RequestId request, const PrefixRun& run, std::span<const BlockId> contents, Time now);

  const hw::Topology& topology_;
  TransferEngine& engine_;
  std::vector<std::unique_ptr<Tier>> hbm_;
  std::vector<std::vector<hw::PlaceId>> ranks_;
  std::vector<LowerTierSetup> lower_;
  std::vector<std::uint8_t> feeds_;  // by tier
  std::unique_ptr<PlacementPolicy> placement_;
  std::vector<SharedPins> pins_;  // by lower tier
  hw::PlaceId host_;
  Tokens block_tokens_;
  bool free_transfers_;
  ZeroedArray<std::uint32_t> uses_;  // by named block: requests that used it; empty unless some tier pins
  std::deque<Transfer> transfers_;   // stable addresses: transfers open others
  std::vector<TransferId> free_ids_;
  std::vector<std::vector<std::uint8_t>> arriving_;  // by lower tier, by frame
  std::vector<std::uint8_t> prefetched_;             // by frame of the first lower tier: not loaded since
  std::vector<ZeroedArray<std::uint32_t>> filling_;  // by replica, by HBM frame: the transfer's id plus one, 0 for none
  std::vector<std::vector<std::uint64_t>> seen_;     // by replica: a bit per named block
  std::vector<std::uint8_t> refused_;                // by named block: the last offer was turned down
  std::vector<Bytes> backlog_;                       // by tier: bytes on their way into it
  std::vector<TierUse> use_;
  std::vector<Copies> copies_;       // by replica
  std::vector<std::uint8_t> admit_;  // scratch
  std::int64_t live_ = 0;
  Bytes started_, ended_;
};

}  // namespace tiersim
