#pragma once
/// 16-bit floats (IEEE binary16) to 32 bits and back, rounding to nearest, ties to even.
///
/// By the processor's conversions (F16C, part of x86-64-v3): eight at a time, a few GB/s.
#include <cstdint>
#include <span>
#include <vector>

namespace tiersim::traces {

[[nodiscard]] std::vector<float> from_half(std::span<const std::uint16_t> values);
[[nodiscard]] std::vector<std::uint16_t> to_half(std::span<const float> values);

}  // namespace tiersim::traces
