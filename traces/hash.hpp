#pragma once
/// A fast 64-bit hash of bytes: what names a trace's content, guards the binary format and identifies token blocks.
///
/// Four lanes of 64 x 64 -> 128-bit multiply-and-fold (the construction of wyhash by Wang Yi, public domain, written
/// anew): some 10 GB/s, and 10 ns for a block of 16 tokens. Part of the binary format (FORMAT.md): changing it is a new
/// version. Not cryptographic: a file made to collide can collide. Deterministic, no allocation.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tiersim::traces {

/// Chain by passing one hash as the next one's seed.
[[nodiscard]] std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t seed = 0);
/// 16 hex digits.
[[nodiscard]] std::string hash_text(std::uint64_t hash);

}  // namespace tiersim::traces
