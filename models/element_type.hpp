#pragma once
/// The types that weights and KV are stored in, as words, and the bytes of one element.
///
/// Called by the model reader and whoever else lets a user name a type. A quantised element shares its group's scale:
///   bytes = bits / 8 + scale_bytes / group
/// exact for groups that are powers of two. Written as a word, or as {type: int4, group: 64, scale_bytes: 2} where
/// the groups are others than usual: 32 with a byte for mxfp4 (OCP Microscaling 1.0), 128 with two bytes for int4
/// (GPTQ, AWQ); fp8 and int8 have a scale for a channel or tensor, which is left out, unless a group is given. Left
/// out too: zero points, padding. O(1), no state.
#include <cstdint>
#include <string_view>

#include "sim/config/fields.hpp"

namespace tiersim::models {

struct ElementType {
  std::string_view name;
  std::int64_t bits = 16;
  std::int64_t group = 0;  ///< elements that share a scale; 0: none counted
  std::int64_t scale_bytes = 0;
  /// Of one element with its part of the scale.
  [[nodiscard]] double bytes() const;
};

/// bf16, fp16, fp8, int8, int4 or mxfp4 with its usual groups; null for other words.
[[nodiscard]] const ElementType* find_element_type(std::string_view name);

struct StoredAs {
  double bytes = 2;       ///< of one element
  std::string_view type;  ///< the word, for as long as the program runs; empty where bytes were given, or nothing
};

/// How elements are stored: from `key` (a word or a map), or from `bytes_key` (a number), else in `otherwise` bytes.
/// Both at once are an error.
[[nodiscard]] StoredAs read_stored_as(config::Fields& fields, std::string_view key, std::string_view bytes_key,
                                      double otherwise);

}  // namespace tiersim::models
