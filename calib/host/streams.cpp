#include "calib/host/streams.hpp"

#include <algorithm>
#include <immintrin.h>

namespace tiersim::calib {
namespace {

constexpr std::int64_t kLane = 4;    // doubles of a vector
constexpr std::int64_t kUnroll = 8;  // vectors of one turn: hides the latency of an addition twice a cycle
constexpr std::int64_t kTurn = kLane * kUnroll;

}  // namespace

double stream_sum(const double* a, std::int64_t count) {
  // Eight names, not an array: that would be kept, and cleared, in memory.
  __m256d s0{}, s1{}, s2{}, s3{}, s4{}, s5{}, s6{}, s7{};
  for (std::int64_t i = 0; i < count; i += kTurn, a += kTurn) {
    s0 = _mm256_add_pd(s0, _mm256_load_pd(a));
    s1 = _mm256_add_pd(s1, _mm256_load_pd(a + kLane));
    s2 = _mm256_add_pd(s2, _mm256_load_pd(a + 2 * kLane));
    s3 = _mm256_add_pd(s3, _mm256_load_pd(a + 3 * kLane));
    s4 = _mm256_add_pd(s4, _mm256_load_pd(a + 4 * kLane));
    s5 = _mm256_add_pd(s5, _mm256_load_pd(a + 5 * kLane));
    s6 = _mm256_add_pd(s6, _mm256_load_pd(a + 6 * kLane));
    s7 = _mm256_add_pd(s7, _mm256_load_pd(a + 7 * kLane));
  }
  const __m256d all = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
  return (all[0] + all[1]) + (all[2] + all[3]);
}

void stream_fill(double* a, std::int64_t count, double value) {
  const __m256d v = _mm256_set1_pd(value);
  for (std::int64_t i = 0; i < count; i += kTurn) {
    for (std::int64_t j = 0; j < kUnroll; ++j) _mm256_store_pd(a + i + j * kLane, v);
  }
}

void stream_copy(const double* from, double* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += kTurn) {
    for (std::int64_t j = 0; j < kUnroll; ++j)
      _mm256_store_pd(to + i + j * kLane, _mm256_load_pd(from + i + j * kLane));
  }
}

void stream_copy_around(const double* from, double* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += kTurn) {
    for (std::int64_t j = 0; j < kUnroll; ++j) {
      _mm256_stream_pd(to + i + j * kLane, _mm256_load_pd(from + i + j * kLane));
    }
  }
  _mm_sfence();
}

void stream_triad(double* a, const double* b, const double* c, double s, std::int64_t count) {
  const __m256d factor = _mm256_set1_pd(s);
  for (std::int64_t i = 0; i < count; i += kTurn) {
    for (std::int64_t j = 0; j < kUnroll; ++j) {
      const std::int64_t at = i + j * kLane;
      _mm256_store_pd(a + at, _mm256_fmadd_pd(factor, _mm256_load_pd(c + at), _mm256_load_pd(b + at)));
    }
  }
}

double stream_seconds(std::int64_t bytes, int threads, std::int64_t caches) {
  constexpr double kCachePerThread = 60e9, kMemoryPerThread = 16e9, kMemory = 200e9;  // B/s
  const double rate = bytes <= caches ? kCachePerThread * threads : std::min(kMemoryPerThread * threads, kMemory);
  return static_cast<double>(bytes) / rate;
}

}  // namespace tiersim::calib
