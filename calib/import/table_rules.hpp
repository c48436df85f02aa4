#pragma once
/// How laws are fitted to tables of thousands of points, and what of these is held out.
///
/// Held out are whole shapes, a fifth of them, chosen by a seed: (n, k) of products, (heads, kv_heads, head size,
/// window) of attention, the message size of collectives; in all series of a family the same ones, so that no law of
/// the family has seen them. Laws are a roofline (fixed + FLOPs and bytes with a ridge) times tables of factors with a
/// knot an octave along each axis. With `tables` false the roofline alone. Pure functions.
#include <cstdint>

#include "calib/fit/fit_rules.hpp"

namespace tiersim::calib {

[[nodiscard]] FitRules table_rules(std::uint64_t seed, bool tables = true);

/// Whether a point's shape is held out under this seed.
[[nodiscard]] bool is_held_out(const Point& point, std::uint64_t seed);

}  // namespace tiersim::calib
