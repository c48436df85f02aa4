#include "calib/host/buffer.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <stdexcept>

#include "calib/host/system.hpp"
#include "sim/core/rng.hpp"

namespace tiersim::calib {
namespace {

constexpr std::size_t kHugePage = 2UL << 20;
constexpr std::int64_t kPage = 4096;

[[noreturn]] void too_large(std::int64_t bytes) {
  constexpr double kMiB = 1 << 20;
  throw std::runtime_error(fmt::format(
      "no memory for a buffer of {:.0f} MiB ({:.0f} MiB available): end other programs, or lower the memory "
      "that one measurement may take",
      static_cast<double>(bytes) / kMiB, static_cast<double>(available_memory()) / kMiB));
}

template <class T>
void fill(Team& team, std::span<T> data, std::uint64_t seed) {
  team.run([&](int rank) {
    Rng rng(seed + static_cast<std::uint64_t>(rank));
    const auto share = share_of(static_cast<std::int64_t>(data.size()), kPage / static_cast<std::int64_t>(sizeof(T)),
                                rank, team.size());
    for (std::int64_t i = share.begin; i < share.end; ++i) {
      data[static_cast<std::size_t>(i)] = static_cast<T>(0.5 + rng.uniform());
    }
  });
}

}  // namespace

void Buffer::Unmap::operator()(std::byte* begin) const { munmap(begin, bytes); }

Buffer::Buffer(std::int64_t bytes) : bytes_(bytes) {
  // Checked first: the kernel promises more than it has, and ends the process when the pages are touched.
  if (bytes > available_memory()) too_large(bytes);
  const std::size_t mapped = static_cast<std::size_t>(bytes) + kHugePage;
  void* begin = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (begin == MAP_FAILED) too_large(bytes);
  mapping_ = {static_cast<std::byte*>(begin), Unmap{mapped}};
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  data_ = mapping_.get() + ((kHugePage - address % kHugePage) % kHugePage);
  static_cast<void>(madvise(data_, static_cast<std::size_t>(bytes), MADV_HUGEPAGE));  // may be switched off
}

void fill_random(Team& team, std::span<double> data, std::uint64_t seed) { fill(team, data, seed); }
void fill_random(Team& team, std::span<float> data, std::uint64_t seed) { fill(team, data, seed); }

}  // namespace tiersim::calib
