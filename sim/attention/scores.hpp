#pragma once
/// What methods do with scores: add them up, pool them, take the highest.
///
/// Details that change results are the reference codes' (PyTorch): average pooling counts the zeros that it pads with,
/// maximum pooling pads with nothing, variance divides by n - 1. Pure functions; O(n) but for top(): O(n log n).
#include <cstdint>
#include <span>
#include <vector>

#include "sim/attention/cache_editor.hpp"

namespace tiersim {

/// The indices of the `count` highest scores, ascending; of equal ones the lower index. All of them if there are fewer.
[[nodiscard]] std::vector<std::uint32_t> top(std::span<const float> scores, std::size_t count);

/// Kernel odd, stride 1, as long as the input.
[[nodiscard]] std::vector<float> average_pool(std::span<const float> x, std::int64_t kernel);
[[nodiscard]] std::vector<float> max_pool(std::span<const float> x, std::int64_t kernel);

/// Both of one length.
void add_to(std::span<float> sum, std::span<const float> x);

}  // namespace tiersim
