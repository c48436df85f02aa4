// Azure LLM inference traces (Azure/AzurePublicDataset, 2023 and 2024): CSV with TIMESTAMP in UTC, ContextTokens and
// GeneratedTokens, no block ids. Arrival counts from the first request. Stamps have up to nine decimals (2023: seven,
// 100 ns) and may end in +00:00 or Z.
#include <fmt/format.h>

#include <array>
#include <optional>

#include "traces/mapped_file.hpp"
#include "traces/readers.hpp"
#include "traces/record_errors.hpp"
#include "traces/text_records.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

constexpr std::string_view kHeader = "TIMESTAMP,ContextTokens,GeneratedTokens";
constexpr RequestFieldNames kNames{"TIMESTAMP", "ContextTokens", "GeneratedTokens"};

constexpr std::array<PublicFile, 2> kPublic{{{"Azure/AzurePublicDataset", "data/AzureLLMInferenceTrace_conv.csv"},
                                             {"Azure/AzurePublicDataset", "data/AzureLLMInferenceTrace_code.csv"}}};

/// Days since 1970-01-01 in the Gregorian calendar; the year counts from March so that the leap day comes last.
constexpr std::int64_t days_since_1970(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t y = month > 2 ? year : year - 1;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719'468;
}
static_assert(days_since_1970(1970, 1, 1) == 0 && days_since_1970(2024, 2, 29) == 19'782);

constexpr std::int64_t days_of_month(std::int64_t year, std::int64_t month) {
  return (month == 12 ? days_since_1970(year + 1, 1, 1) : days_since_1970(year, month + 1, 1)) -
         days_since_1970(year, month, 1);
}

/// Reads fixed-width digits and literal characters; any mismatch makes it bad for good.
class StampParser {
 public:
  explicit StampParser(std::string_view text) : rest_(text) {}

  std::optional<std::int64_t> nanoseconds() {
    const std::int64_t year = digits(4, '-'), month = digits(2, '-'), day = digits(2, rest_.size() > 2 ? rest_[2] : 0);
    const std::int64_t hour = digits(2, ':'), minute = digits(2, ':'), second = digits(2, 0);
    const std::int64_t fraction = decimals();
    if (!good_ || !(rest_.empty() || rest_ == "Z" || rest_ == "+00:00")) return {};
    if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month)) return {};
    if (hour > 23 || minute > 59 || second > 59) return {};
    const std::int64_t seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    return seconds * 1'000'000'000 + fraction;
  }

 private:
  /// `count` digits, then `end` unless it is 0.
  std::int64_t digits(std::size_t count, char end) {
    const std::size_t length = count + (end != 0 ? 1 : 0);
    if (!good_ || rest_.size() < length || (end != 0 && rest_[count] != end)) return good_ = false, 0;
    std::int64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = 10 * value + digit(rest_[i]);
    rest_.remove_prefix(length);
    return value;
  }

  std::int64_t digit(char c) {
    good_ = good_ && c >= '0' && c <= '9';
    return c - '0';
  }

  /// ".1234567" as nanoseconds; 0 without a point.
  std::int64_t decimals() {
    if (!rest_.starts_with('.')) return 0;
    rest_.remove_prefix(1);
    std::int64_t value = 0, unit = 100'000'000;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), unit /= 10)
      value += unit * (rest_.front() - '0');
    return value;
  }

  std::string_view rest_;
  bool good_ = true;
};

class AzureParser {
 public:
  AzureParser(const MappedFile& file, Diagnostics& diagnostics)
      : file_(file), errors_(file.path(), diagnostics), lines_(file.text()) {}

  Trace parse() {
    builder_.reserve(file_.size() / 32);
    if (!lines_.next(true) || lines_.line() != kHeader)
      errors_.add({-1, 0}, fmt::format("the first line should be the header {}", kHeader));
    else
      while (!errors_.full() && lines_.next()) read_record();
    if (builder_.size() == 0 && !errors_.any()) errors_.add({-1, 0}, "the trace has no records");
    if (errors_.any()) return {};
    return std::move(builder_).finish(0, 0, {file_.path(), "azure", file_.hash()});
  }

 private:
  void read_record() {
    std::string_view rest = lines_.line();
    const std::string_view stamp_text = take_field(rest), prompt_text = take_field(rest);
    const auto stamp = StampParser(stamp_text).nanoseconds();
    const auto prompt = whole_number(prompt_text), output = whole_number(rest);
    if (!stamp) return bad(stamp_text, "TIMESTAMP", "a time like 2023-11-16 18:15:46.6805900");
    if (!prompt) return bad(prompt_text, "ContextTokens", "a whole number, 1 or more");
    if (!output) return bad(rest, "GeneratedTokens", "a whole number, 1 or more");
    if (builder_.size() == 0 && !errors_.any()) first_stamp_ = last_stamp_ = *stamp;
    if (!errors_.check_request(lines_.place(), kNames, *stamp - first_stamp_, last_stamp_ - first_stamp_, *prompt,
                               *output))
      return;
    last_stamp_ = *stamp;
    builder_.add_request({.arrival = *stamp - first_stamp_,
                          .prompt_tokens = static_cast<std::uint32_t>(*prompt),
                          .output_tokens = static_cast<std::uint32_t>(*output)});
  }

  void bad(std::string_view text, std::string_view name, std::string_view expected) {
    const RecordPlace at{lines_.place().record, text.data() - file_.text().data()};
    errors_.add(at, fmt::format("'{}' is '{}', but should be {}", name, shown(text), expected));
  }

  const MappedFile& file_;
  RecordErrors errors_;
  Lines lines_;
  TraceBuilder builder_;
  std::int64_t first_stamp_ = 0, last_stamp_ = 0;  // ns since 1970
};

class AzureReader final : public TraceReader {
 public:
  explicit AzureReader(const ReaderSetup&) {}
  bool recognises(std::string_view head) const override { return head.starts_with(kHeader.substr(0, 10)); }
  std::span<const PublicFile> public_files() const override { return kPublic; }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    return AzureParser(*file, diagnostics).parse();
  }
};

TIERSIM_REGISTER(TraceReader, "azure", AzureReader,
                 "Azure LLM inference CSV: TIMESTAMP, ContextTokens, GeneratedTokens; no block ids", {});

}  // namespace
}  // namespace tiersim::traces
