#pragma once
/// Numbers with units as people write them, both ways.
///
/// "512 GiB", "1.5TB", "55 GB/s", "250 us", "16 tokens", "989 TFLOP/s", "700 W", "2.5 USD", "25%", "0.5x". A unit is
/// required except where the quantity is a plain count or fraction. Parsing gives nothing on a mistake and says why in
/// `problem`; printing is canonical: the largest unit that keeps the value exact and short, so that parse(print(x)) ==
/// x.
#include <optional>
#include <string>
#include <string_view>

#include "sim/core/units.hpp"

namespace tiersim::config {

/// What each parser takes, for messages: "expected a size such as '512 GiB'". Problems end in it already.
namespace expected {
inline constexpr std::string_view size = "a size such as '512 GiB'";
inline constexpr std::string_view duration = "a duration such as '250 us'";
inline constexpr std::string_view tokens = "a number of tokens such as '16 tokens'";
inline constexpr std::string_view bandwidth = "a bandwidth such as '55 GB/s'";
inline constexpr std::string_view compute = "a rate such as '989 TFLOP/s'";
inline constexpr std::string_view power = "a power such as '700 W'";
inline constexpr std::string_view money = "an amount such as '2.5 USD'";
inline constexpr std::string_view fraction = "a fraction such as '25%' or '0.25'";
inline constexpr std::string_view multiple = "a factor such as '1.5x'";
inline constexpr std::string_view per_second = "a rate such as '5/s'";
inline constexpr std::string_view count = "a whole number such as '8'";
inline constexpr std::string_view number = "a number such as '0.5'";
inline constexpr std::string_view flag = "true or false";
inline constexpr std::string_view text = "one word or text";
}  // namespace expected

[[nodiscard]] std::optional<Bytes> parse_bytes(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<Tokens> parse_tokens(std::string_view text, std::string& problem);  ///< "16 tokens", "16"
[[nodiscard]] std::optional<BytesPerSecond> parse_bandwidth(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<FlopsPerSecond> parse_compute(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<Watts> parse_power(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<Dollars> parse_money(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<double> parse_fraction(std::string_view text, std::string& problem);  ///< "25%", "0.25"
[[nodiscard]] std::optional<double> parse_multiple(std::string_view text, std::string& problem);  ///< "1.5x", "1.5"
[[nodiscard]] std::optional<double> parse_per_second(std::string_view text,
                                                     std::string& problem);  ///< "5/s", "300/min"
[[nodiscard]] std::optional<std::int64_t> parse_count(std::string_view text, std::string& problem);
[[nodiscard]] std::optional<double> parse_number(std::string_view text, std::string& problem);  ///< finite
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text, std::string& problem);

[[nodiscard]] std::string text_of(Bytes v);
[[nodiscard]] std::string text_of(Duration v);
[[nodiscard]] std::string text_of(Tokens v);
[[nodiscard]] std::string text_of(BytesPerSecond v);
[[nodiscard]] std::string text_of(FlopsPerSecond v);
[[nodiscard]] std::string text_of(Watts v);
[[nodiscard]] std::string text_of(Dollars v);
[[nodiscard]] std::string text_of_number(double v);    ///< shortest decimal that reads back the same
[[nodiscard]] std::string text_of_multiple(double v);  ///< "1.5x"
[[nodiscard]] std::string text_of_per_second(double v);

}  // namespace tiersim::config
