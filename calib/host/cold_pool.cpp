#include "calib/host/cold_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "calib/host/system.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::calib {
namespace {

constexpr std::int64_t kPage = 4096;
constexpr std::uint64_t kSeed = 0x636f6c64;

/// Four bf16, or two fp32: of each 16 bits the sign, the lowest of the exponent and the fraction are random.
std::uint64_t random_elements(Rng& rng) { return (rng.next() & 0x80ff80ff80ff80ffULL) | 0x3f003f003f003f00ULL; }

}  // namespace

ColdPool::ColdPool(std::shared_ptr<Team> team, std::int64_t most_bytes)
    : team_(std::move(team)), most_bytes_(most_bytes / kPage * kPage) {}

const Buffer& ColdPool::at_least(std::int64_t bytes) {
  constexpr double kMiB = 1 << 20;
  constexpr std::int64_t kCaches = 6;  // at 2, a shared cache still served a fifth of the reads; at 6, none
  if (bytes > most_bytes_) {
    throw std::runtime_error(
        fmt::format("operands of {:.0f} MiB are more than the {:.0f} MiB allowed: raise the memory "
                    "that one measurement may take, or leave this size out",
                    static_cast<double>(bytes) / kMiB, static_cast<double>(most_bytes_) / kMiB));
  }
  if (buffer_.bytes() >= bytes && buffer_.bytes() > 0) return buffer_;
  const std::int64_t wanted = std::min(most_bytes_, std::max(bytes, kCaches * all_caches()));
  buffer_ = Buffer();  // before the next is taken
  buffer_ = Buffer((wanted + kPage - 1) / kPage * kPage);
  fill_signed(*team_, buffer_.all<std::uint64_t>(), kSeed);
  return buffer_;
}

void fill_signed(Team& team, std::span<std::uint64_t> data, std::uint64_t seed) {
  team.run([&](int rank) {
    Rng rng(seed + static_cast<std::uint64_t>(rank));
    const Share share = share_of(static_cast<std::int64_t>(data.size()), kPage / 8, rank, team.size());
    for (std::int64_t i = share.begin; i < share.end; ++i) data[static_cast<std::size_t>(i)] = random_elements(rng);
  });
}

void fill_signed(std::span<float> data, std::uint64_t seed) {
  Rng rng(seed);
  for (float& x : data) x = std::bit_cast<float>(static_cast<std::uint32_t>(random_elements(rng)));
}

}  // namespace tiersim::calib
