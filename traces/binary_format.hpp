#pragma once
/// The layout of the binary format (FORMAT.md), shared by its writer and its reader and by nobody else.
///
/// Little-endian, which this code assumes of the machine; every section begins at a multiple of 64 bytes.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "traces/hash.hpp"
#include "traces/trace.hpp"

namespace tiersim::traces::binary {

static_assert(std::endian::native == std::endian::little, "the binary format is mapped, not converted");

inline constexpr std::array<char, 8> kMagic{'T', 'I', 'E', 'R', 'T', 'R', 'A', 'C'};
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint64_t kAlignment = 64;

enum Section : std::size_t {
  arrival,
  prompt_tokens,
  output_tokens,
  identified_tokens,
  previous,
  think_time,
  extent_offsets,
  extents,
  next_use_offsets,
  next_uses,
  section_count
};
/// Bytes per entry.
inline constexpr std::array<std::uint64_t, section_count> kEntryBytes{8, 4, 4, 4, 4, 8, 8, 8, 8, 8};

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint64_t checksum = 0;  ///< hash_bytes of all that follows it in the file
  std::uint32_t version = kVersion;
  std::uint32_t header_bytes = sizeof(Header);
  std::uint64_t file_bytes = 0;
  std::uint64_t requests = 0;
  std::uint64_t extents = 0;
  std::uint64_t next_uses = 0;
  std::uint32_t block_tokens = 0;
  std::uint32_t distinct_blocks = 0;
  std::array<std::uint64_t, section_count> offsets{};  ///< from the start of the file

  [[nodiscard]] std::uint64_t entries(Section section) const {
    switch (section) {
      case Section::extents:
        return extents;
      case Section::next_uses:
        return next_uses;
      case extent_offsets:
      case next_use_offsets:
        return requests + 1;
      default:
        return requests;
    }
  }
};
static_assert(sizeof(Header) == 144 && sizeof(Extent) == 8 && sizeof(NextUse) == 8);

inline constexpr std::size_t kChecksummedFrom = offsetof(Header, version);

}  // namespace tiersim::traces::binary
