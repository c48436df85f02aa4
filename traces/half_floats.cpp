#include "traces/half_floats.hpp"

#include <immintrin.h>

namespace tiersim::traces {

std::vector<float> from_half(std::span<const std::uint16_t> values) {
  std::vector<float> out(values.size());
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8)
    _mm256_storeu_ps(&out[i], _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(&values[i]))));
  for (; i < values.size(); ++i) out[i] = _cvtsh_ss(values[i]);
  return out;
}

std::vector<std::uint16_t> to_half(std::span<const float> values) {
  std::vector<std::uint16_t> out(values.size());
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&out[i]),
                     _mm256_cvtps_ph(_mm256_loadu_ps(&values[i]), _MM_FROUND_TO_NEAREST_INT));
  for (; i < values.size(); ++i) out[i] = _cvtss_sh(values[i], _MM_FROUND_TO_NEAREST_INT);
  return out;
}

}  // namespace tiersim::traces
