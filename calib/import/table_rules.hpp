#pragma once
/// How laws are fitted to tables of thousands of points, and what of these is held out.
///
/// Held out are whole shapes, a fifth of them, chosen by a seed: what makes a shape the importer says
/// (calib/import/imported_tables.hpp), as (n, k) of products, (heads, KV heads, head size, window) of attention, the
/// message size of collectives, or the tokens of a batch where there is one model alone; in all series of a family the
/// same ones, so that no law of the family has seen them. Laws are a roofline (fixed + FLOPs and bytes with a ridge)
/// times tables of factors with a knot an octave along each axis; attention over chunks and decoding sequences at once
/// has sides for its longest sequence as well. With `tables` false there are no factors. Pure functions.
#include <cstdint>
#include <set>
#include <utility>

#include "calib/fit/fit_rules.hpp"
#include "calib/import/imported_tables.hpp"

namespace tiersim::calib {

[[nodiscard]] FitRules table_rules(const ImportedTables& imported, std::uint64_t seed, bool tables = true);

/// (n, k) of a product on one rank.
using ProductShape = std::pair<double, double>;
/// Those of a model's layers on 1, 2, 4 and 8 ranks, where it divides among them.
[[nodiscard]] std::set<ProductShape> products_of(const models::ModelSpec& model);

/// Whether a point's shape is held out under this seed.
[[nodiscard]] bool is_held_out(const Point& point, const ShapeNames& shapes, std::uint64_t seed);

}  // namespace tiersim::calib
