#pragma once
/// How soon a block must be used again for holding it to be cheaper than getting it otherwise: the five-minute rule for
/// KV (Gray, Putzolu, The 5 minute rule for trading memory for disc accesses, 1987).
///
/// Called by `tiersim reuse`. Holding a block of B bytes in a place costs B x the price of a byte for a second there.
/// Getting it costs the time that it takes x the price of the GPUs that wait for it: computing it again, or fetching it
/// from the next place. What is held has to be fetched too, so of the two
///   interval = (getting it otherwise - fetching it from here) x GPUs / (B x price here)
/// is where they cost the same; blocks that are used again sooner are worth holding. Gray and Putzolu leave the fetch
/// from the faster place away; it is 0 for HBM here. Prices of holding the slower copy are left out as theirs are: what
/// cheapest_places() says counts them. Left out: writing, endurance, what a wait costs users, links that are busy.
///
/// Pure functions, O(places^2); deterministic. Times in seconds, prices in dollars.
#include <optional>
#include <string>
#include <vector>

#include "hw/topology.hpp"
#include "sim/core/units.hpp"

namespace tiersim {

/// Where a block can be held.
struct HoldingPlace {
  std::string name;        ///< "hbm", or a machine's storage
  Bytes capacity;          ///< that it has for blocks
  Dollars gigabyte_month;  ///< of 10^9 bytes, for kHoursAMonth; above 0
  Seconds fetch{0};        ///< of one block into the GPUs; 0 for HBM
};

struct HoldingCosts {
  Bytes block;                       ///< over all GPUs of a replica
  std::optional<Seconds> recompute;  ///< of one block, on all of them; nothing: not known
  DollarsPerHour gpus;               ///< of all of them
  std::vector<HoldingPlace> places;  ///< fastest first
};

/// Of prices by the month.
inline constexpr double kHoursAMonth = 730;

/// Instead of a place: computing the block again.
inline constexpr std::size_t kRecompute = SIZE_MAX;

struct BreakEven {
  std::size_t place = 0, instead = 0;  ///< of the places, or kRecompute
  Duration interval;                   ///< 0: the other way is faster, holding never pays; at most 300 years
};

/// Of every place: instead of computing again, if that is known, and instead of the next place, if there is one.
[[nodiscard]] std::vector<BreakEven> break_evens(const HoldingCosts& costs);

struct CheapestPlace {
  std::size_t place = 0;  ///< or kRecompute
  Duration up_to;         ///< intervals between uses; those of the last one have no end
};

/// The place with the least cost of holding and fetching together, by how soon a block is used again: the lower
/// envelope of their lines over the interval. Ascending; at least one.
[[nodiscard]] std::vector<CheapestPlace> cheapest_places(const HoldingCosts& costs);

/// What a storage's load moves: so many blocks of so many bytes over all GPUs, each in so many fragments.
struct Load {
  Bytes block;
  std::int64_t blocks = 1, fragments = 1;
};

/// One block's share of the time in which a load comes from a storage of the machine to its first `gpus`, each its part
/// over its own link: nothing else moves, no stop on the way. By the transfer engine.
[[nodiscard]] Seconds fetch_time(const hw::Topology& topology, std::size_t storage, std::int64_t gpus,
                                 const Load& load);

}  // namespace tiersim
