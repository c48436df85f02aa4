#pragma once
/// The loops that stream through memory: what the families "memory" and "ceiling" time.
///
/// On one thread. Arrays are aligned to 32 bytes and do not overlap; `count` is a multiple of 32 (doubles). Written in
/// AVX2 with enough accesses in flight that level-1 bandwidth, not latency, bounds them.
#include <cstdint>

namespace tiersim::calib {

[[nodiscard]] double stream_sum(const double* a, std::int64_t count);
void stream_fill(double* a, std::int64_t count, double value);
void stream_copy(const double* from, double* to, std::int64_t count);
/// Past the caches: no line of `to` is read before it is written.
void stream_copy_around(const double* from, double* to, std::int64_t count);
/// a = b + s c
void stream_triad(double* a, const double* b, const double* c, double s, std::int64_t count);

/// How long streaming over this many bytes takes, roughly (for plans): from `caches` bytes of cache, or from memory.
[[nodiscard]] double stream_seconds(std::int64_t bytes, int threads, std::int64_t caches);

}  // namespace tiersim::calib
