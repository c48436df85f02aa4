#include "sim/cost/law_book.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tiersim {
namespace {

// In the order of preference within a width.
constexpr std::array<std::pair<std::string_view, double>, 9> kWidths = {{{"fp32", 4},
                                                                         {"tf32", 4},
                                                                         {"bf16", 2},
                                                                         {"fp16", 2},
                                                                         {"fp8", 1},
                                                                         {"int8", 1},
                                                                         {"fp8_block", 1 + 4.0 / (128 * 128)},
                                                                         {"fp4", 0.5},
                                                                         {"int4", 0.5}}};

constexpr std::array<std::string_view, 6> kFamilies = {"gemm",        "experts",    "attention",
                                                       "elementwise", "all_reduce", "send_receive"};

std::size_t rank_of(std::string_view variant) {
  const auto at = std::find_if(kWidths.begin(), kWidths.end(), [&](const auto& w) { return w.first == variant; });
  return static_cast<std::size_t>(at - kWidths.begin());
}

/// How far a width is from the one asked for: types of other widths cost by their bytes, so the ratio counts.
double distance(double width, double wanted) { return width > wanted ? width / wanted : wanted / width; }

/// What stands in for a kernel without a law, most alike first.
std::vector<std::string_view> relatives(std::string_view kernel) {
  if (kernel == "gemv") return {"gemv", "thin", "gemm"};
  if (kernel == "thin" || kernel == "moe") return {kernel, "gemm"};
  if (kernel == "mla_decode" || kernel == "decode_attention_window" || kernel == "decode_attention_wide")
    return {kernel, "decode_attention"};
  if (kernel == "prefill_attention_window" || kernel == "prefill_attention_wide") return {kernel, "prefill_attention"};
  if (kernel == "final_norm") return {kernel, "norm", "add"};
  if (kernel == "norm" || kernel == "rotary" || kernel == "activation" || kernel == "softmax" || kernel == "scan" ||
      kernel == "kv_write")
    return {kernel, "add"};
  return {kernel};
}

}  // namespace

double width_of(std::string_view variant) {
  const std::size_t rank = rank_of(variant);
  return rank < kWidths.size() ? kWidths[rank].second : 0;
}

LawBook::LawBook(const calib::Profile& profile) : laws_(profile.laws), timers_(laws_.begin(), laws_.end()) {}

const calib::Law* LawBook::nearest_width(std::string_view kernel, double element_bytes) const {
  const calib::Law* best = nullptr;
  const auto key = [&](const calib::Law& law) {
    return std::pair(distance(width_of(law.variant), element_bytes), rank_of(law.variant));
  };
  for (const calib::Law& law : laws_) {
    const bool of_step = std::find(kFamilies.begin(), kFamilies.end(), law.family) != kFamilies.end();
    if (!of_step || law.kernel != kernel || width_of(law.variant) <= 0) continue;
    if (best == nullptr || key(law) < key(*best)) best = &law;
  }
  return best;
}

LawBook::Found LawBook::find(std::string_view kernel, double element_bytes) const {
  for (std::string_view relative : relatives(kernel)) {
    const calib::Law* law = nearest_width(relative, element_bytes);
    if (law == nullptr) continue;
    return {law, &timers_[static_cast<std::size_t>(law - laws_.data())],
            relative == kernel && width_of(law->variant) == element_bytes};
  }
  return {};
}

}  // namespace tiersim
