#pragma once
/// Which element a thread touches, and how many runs, tiles and copies a size asks for: arithmetic that the kernels and
/// the references on the host share.
///
/// Pure functions for host and device; 64-bit where a size may exceed 2^31. Tested without a GPU.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "calib/cuda/random.hpp"

namespace tiersim::calib {

constexpr int kWarp = 32;

/// Streams of 16-byte words are cut into tiles of threads x kUnroll words; in a tile a thread's words lie `threads`
/// apart, so that each step of a warp is contiguous. Blocks take tiles in turn.
constexpr int kStreamThreads = 256, kUnroll = 4;
constexpr std::int64_t kStreamTile = std::int64_t{kStreamThreads} * kUnroll;

TIERSIM_BOTH constexpr std::int64_t stream_word(std::int64_t tile, int step, int thread) {
  return tile * kStreamTile + static_cast<std::int64_t>(step) * kStreamThreads + thread;
}
TIERSIM_BOTH constexpr std::int64_t stream_tiles(std::int64_t words) { return (words + kStreamTile - 1) / kStreamTile; }
/// As many blocks as there are tiles, at most what the machine holds at once: a persistent grid.
constexpr int stream_blocks(std::int64_t words, std::int64_t at_once) {
  const std::int64_t tiles = stream_tiles(words);
  return static_cast<int>(tiles < at_once ? (tiles > 0 ? tiles : 1) : at_once);
}
/// The bits of an fp32 in [1, 2), different for each 16-byte word and its four parts: what the write kernel writes.
TIERSIM_BOTH constexpr std::uint32_t written_bits(std::int64_t word, std::uint32_t part) {
  return 0x3F800000U | (((static_cast<std::uint32_t>(word) * 4 + part) * 0x9E3779B1U) >> 9);
}

/// Copies of inputs and outputs to rotate among, so that each run finds its own evicted from an L2 of this size.
constexpr std::int64_t copies_beyond(std::int64_t l2_bytes, std::int64_t bytes_of_a_run) {
  const std::int64_t wanted = 4 * l2_bytes;
  return bytes_of_a_run >= wanted ? 1 : (wanted + bytes_of_a_run - 1) / bytes_of_a_run;
}

/// A random permutation of [0, count): a Feistel network over the next even number of bits, walked until it lands
/// inside. Stateless, so that page tables need no shuffling; count at most 2^30.
TIERSIM_BOTH inline std::int64_t permuted(std::uint64_t seed, std::int64_t index, std::int64_t count) {
  int half = 1;
  while ((std::int64_t{1} << (2 * half)) < count) ++half;
  const std::uint32_t mask = (std::uint32_t{1} << half) - 1;
  auto at = static_cast<std::uint64_t>(index);
  do {
    auto left = static_cast<std::uint32_t>(at >> half), right = static_cast<std::uint32_t>(at) & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      const std::uint32_t mixed = left ^ (random_word(seed + round, right) & mask);
      left = right;
      right = mixed;
    }
    at = (static_cast<std::uint64_t>(left) << half) | right;
  } while (at >= static_cast<std::uint64_t>(count));
  return static_cast<std::int64_t>(at);
}

/// Shared-memory reads: a block's array of kSharedWords 16-byte words; in each pass a thread reads kSharedReads of
/// them, at places that shift from pass to pass (or they would be read once and kept), warps contiguous.
constexpr int kSharedThreads = 1024, kSharedWords = 2048, kSharedReads = 8;

TIERSIM_BOTH constexpr int shared_word(int thread, int pass, int read) {
  return (thread + pass * 33 + read * 224) & (kSharedWords - 1);
}

/// Two blocks fill a multiprocessor.
constexpr int shared_blocks(int multiprocessors) { return 2 * multiprocessors; }

/// Quantised KV, tokens x channels. A group shares a scale: kGroup channels of one token, or kGroup tokens of one
/// channel. A thread block holds a tile of kTileTokens x kTileChannels: a warp takes 8 tokens, a lane 8 channels of
/// each.
constexpr int kGroup = 64, kTileTokens = 64, kTileChannels = 256;

TIERSIM_BOTH constexpr std::int64_t scale_place(bool by_channel, std::int64_t token, std::int64_t channel,
                                                std::int64_t channels) {
  return by_channel ? token / kGroup * channels + channel : token * (channels / kGroup) + channel / kGroup;
}

/// `wanted` places of [0, count) to check: both ends, the rest random; all of them where there are no more.
inline std::vector<std::int64_t> sampled_places(std::int64_t count, std::int64_t wanted, std::uint64_t seed) {
  std::vector<std::int64_t> places;
  for (std::int64_t i = 0; i < std::min(count, wanted); ++i) {
    const double share = 0x1p-32 * random_word(seed, static_cast<std::uint64_t>(i));
    const auto random = static_cast<std::int64_t>(share * static_cast<double>(count));
    places.push_back(count <= wanted ? i : i == 0 ? 0 : i == 1 ? count - 1 : random);
  }
  return places;
}

/// bf16 bits as an integer that orders as the numbers do (no NaN).
TIERSIM_BOTH constexpr std::uint32_t ordered_key(std::uint32_t bits) {
  return (bits & 0x8000U) != 0 ? (~bits & 0xFFFFU) : (bits | 0x8000U);
}
TIERSIM_BOTH constexpr std::uint32_t bits_of_key(std::uint32_t key) {
  return (key & 0x8000U) != 0 ? (key & 0x7FFFU) : (~key & 0xFFFFU);
}

}  // namespace tiersim::calib
