#pragma once
/// Numbers with units as people write them, both ways.
///
/// "512 GiB", "1.5TB", "55 GB/s", "250 us", "16 tokens", "989 TFLOP/s", "25%", "0.5x". A unit is required except where the
/// quantity is a plain count or fraction. Parsing gives nothing on a mistake and says why in `problem`; printing is
/// canonical: the largest unit that keeps the value exact and short, so that parse(print(x)) == x.
#include <optional>
#include <string>
#include <string_view>

#include "sim/core/units.hpp"

namespace tiersim::config {

[[nodiscard]] std::optional<Bytes> parse_bytes(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<Tokens> parse_tokens(std::string_view text, std::string& problem);  ///< "16 tokens", "16"
[[nodiscard]] std::optional<BytesPerSecond> parse_bandwidth(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<FlopsPerSecond> parse_compute(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<double> parse_fraction(std::string_view text, std::string& problem);   ///< "25%", "0.25"
[[nodiscard]] std::optional<double> parse_multiple(std::string_view text, std::string& problem);   ///< "1.5x", "1.5"
[[nodiscard]] std::optional<double> parse_per_second(std::string_view text, std::string& problem);  ///< "5/s", "300/min"
[[nodiscard]] std::optional<std::int64_t> parse_count(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<double> parse_number(std::string_view text, std::string& problem);     ///< finite
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text, std::string& problem);

[[nodiscard]] std::string text_of(Bytes v);
[[nodiscard]] std::string text_of(Duration v);
[[nodiscard]] std::string text_of(Tokens v);
[[nodiscard]] std::string text_of(BytesPerSecond v);
[[nodiscard]] std::string text_of(FlopsPerSecond v);
[[nodiscard]] std::string text_of_number(double v);    ///< shortest decimal that reads back the same
[[nodiscard]] std::string text_of_multiple(double v);  ///< "1.5x"
[[nodiscard]] std::string text_of_per_second(double v);

}  // namespace tiersim::config
