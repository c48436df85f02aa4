#include "traces/hash.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace tiersim::traces {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::array<std::uint64_t, 4> kSecret{0xA0761D6478BD642FULL, 0xE7037ED1A0B428DBULL, 0x8EBC6AF09C88C6E3ULL,
                                               0x589965CC75374CC3ULL};
constexpr std::size_t kStripe = 64;

using Lanes = std::array<std::uint64_t, 4>;

std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t word_at(const std::byte* p) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

void take_stripe(Lanes& lanes, const std::byte* p) {
  for (std::size_t i = 0; i < lanes.size(); ++i)
    lanes[i] = folded_product(word_at(p + 16 * i) ^ kSecret[i], word_at(p + 16 * i + 8) ^ lanes[i]);
}

}  // namespace

std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t seed) {
  Lanes lanes;
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = seed ^ kSecret[3 - i];
  const std::byte* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= kStripe; p += kStripe, left -= kStripe) take_stripe(lanes, p);
  if (left > 0) {
    std::array<std::byte, kStripe> tail{};
    std::memcpy(tail.data(), p, left);
    take_stripe(lanes, tail.data());
  }
  const std::uint64_t half = folded_product(lanes[0] ^ kSecret[1], lanes[1] ^ bytes.size());
  const std::uint64_t other = folded_product(lanes[2] ^ kSecret[2], lanes[3] ^ kSecret[3]);
  return folded_product(half ^ kSecret[0], other ^ kSecret[1] ^ bytes.size());
}

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

}  // namespace tiersim::traces
