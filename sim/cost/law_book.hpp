#pragma once
/// Which of a profile's fitted laws gives an operator its time.
///
/// Called by the cost model, once per kind of operator at construction. Kernels fall back on their more general
/// relatives: a matrix-vector product (one row) on the thin product (up to 16 rows), that on the product,
/// on which experts' products fall back too; decoding over latents on decode attention; element-wise kernels without a
/// law of their own on "add". Of the laws of one kernel the one whose type has the width of the
/// operator's elements counts (bf16 before fp16, fp8 before int8; "fp8_block" has a 4-byte scale for 128 x 128); where
/// none has it, the law of the nearest width serves by its bytes and FLOPs, and `exact` says that it was a stand-in.
/// O(laws) per find(). Deterministic.
#include <string>
#include <string_view>
#include <vector>

#include "calib/profile.hpp"
#include "calib/profile_law_timer.hpp"

namespace tiersim {

/// Bytes of one element of a type that a law's variant names ("bf16": 2); 0 for other words ("2 threads").
[[nodiscard]] double width_of(std::string_view variant);

class LawBook {
 public:
  explicit LawBook(const calib::Profile& profile);

  struct Found {
    const calib::Law* law = nullptr;  ///< null: none serves
    const calib::LawTimer* timer = nullptr;
    bool exact = false;  ///< the kernel itself, in a type of this width
  };
  /// Valid as long as the book.
  [[nodiscard]] Found find(std::string_view kernel, double element_bytes) const;

 private:
  [[nodiscard]] const calib::Law* nearest_width(std::string_view kernel, double element_bytes) const;

  std::vector<calib::Law> laws_;
  std::vector<calib::LawTimer> timers_;  // of the laws
};

}  // namespace tiersim
