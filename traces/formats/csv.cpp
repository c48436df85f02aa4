// Plain CSV for any other source: a header that names the columns, in any order, then one request a line. `arrival` in
// seconds (decimals, to the nanosecond), `prompt_tokens`, `output_tokens`; optional `session` (any text; empty: none)
// chains turns in order of arrival, and with it `think_time` in seconds from the end of the previous answer (empty: 0;
// that of a first turn means nothing). No quoting, no block ids.
#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "traces/mapped_file.hpp"
#include "traces/readers.hpp"
#include "traces/record_errors.hpp"
#include "traces/text_records.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

enum Column : std::size_t { arrival, prompt_tokens, output_tokens, session, think_time, column_count };
constexpr std::array<std::string_view, column_count> kColumns{"arrival", "prompt_tokens", "output_tokens", "session",
                                                              "think_time"};
constexpr std::size_t kRequired = session;
constexpr RequestFieldNames kNames{kColumns[arrival], kColumns[prompt_tokens], kColumns[output_tokens]};

class CsvParser {
 public:
  CsvParser(const MappedFile& file, Diagnostics& diagnostics)
      : file_(file), errors_(file.path(), diagnostics), lines_(file.text()) {}

  Trace parse() {
    if (lines_.next(true)) read_header();
    while (!errors_.full() && columns_known_ && lines_.next()) read_record();
    if (builder_.size() == 0 && !errors_.any()) errors_.add({-1, 0}, "the trace has no records");
    if (errors_.any()) return {};
    return std::move(builder_).finish(0, 0, {file_.path(), "csv", file_.hash()});
  }

 private:
  using Fields = std::array<std::string_view, column_count>;

  void read_header() {
    std::string_view rest = lines_.line();
    while (!rest.empty()) {
      const std::string_view name = take_field(rest);
      const auto column = static_cast<std::size_t>(std::ranges::find(kColumns, name) - kColumns.begin());
      if (column == column_count) bad_header(name, fmt::format("unknown column '{}'{}", shown(name), suggestion(name)));
      if (column < column_count && has(column)) bad_header(name, fmt::format("column '{}' appears twice", name));
      order_.push_back(column);
    }
    for (std::size_t column = 0; column < kRequired; ++column)
      if (!has(column)) errors_.add({-1, 0}, fmt::format("the header has no column '{}'", kColumns[column]));
    if (has(think_time) && !has(session)) errors_.add({-1, 0}, "column 'think_time' needs a column 'session'");
    columns_known_ = !errors_.any();
  }

  [[nodiscard]] bool has(std::size_t column) const { return std::ranges::find(order_, column) != order_.end(); }

  static std::string suggestion(std::string_view name) {
    const std::vector<std::string_view> known(kColumns.begin(), kColumns.end());
    const std::string_view near = nearest(name, known);
    return near.empty() ? fmt::format("; columns: {}", joined(known)) : fmt::format("; did you mean '{}'?", near);
  }

  void read_record() {
    std::string_view rest = lines_.line();
    Fields fields;
    const auto found = static_cast<std::size_t>(1 + std::ranges::count(rest, ','));
    if (found != order_.size())
      return errors_.add(lines_.place(), fmt::format("{} fields, but the header has {}", found, order_.size()));
    for (const std::size_t column : order_) fields[column] = take_field(rest);
    const auto time = nanoseconds_of_seconds(fields[arrival]);
    const auto prompt = whole_number(fields[prompt_tokens]), output = whole_number(fields[output_tokens]);
    const auto think = fields[think_time].empty() ? 0 : nanoseconds_of_seconds(fields[think_time]);
    if (!time) return bad(fields, arrival, "seconds, 0 or more");
    if (!prompt) return bad(fields, prompt_tokens, "a whole number, 1 or more");
    if (!output) return bad(fields, output_tokens, "a whole number, 1 or more");
    if (!think || *think > RecordErrors::kLatestArrival) return bad(fields, think_time, "seconds, 0 or more");
    if (!errors_.check_request(lines_.place(), kNames, *time, last_arrival_, *prompt, *output)) return;
    last_arrival_ = *time;
    const std::uint32_t before = previous_turn(fields[session]);
    builder_.add_request({.arrival = *time,
                          .prompt_tokens = static_cast<std::uint32_t>(*prompt),
                          .output_tokens = static_cast<std::uint32_t>(*output),
                          .previous = before,
                          .think_time = before == kNoRequest ? 0 : *think});
  }

  /// The last request of this session, which the one being added replaces.
  std::uint32_t previous_turn(std::string_view name) {
    if (name.empty()) return kNoRequest;
    const auto request = static_cast<std::uint32_t>(builder_.size());
    const auto [last, is_new] = last_turn_.try_emplace(name, request);
    return is_new ? kNoRequest : std::exchange(last->second, request);
  }

  void bad_header(std::string_view name, std::string message) {
    errors_.add({-1, name.data() - file_.text().data()}, std::move(message));
  }
  void bad(const Fields& fields, Column column, std::string_view expected) {
    const std::string_view text = fields[column];
    const RecordPlace at{lines_.place().record, text.data() - file_.text().data()};
    errors_.add(at, fmt::format("'{}' is '{}', but should be {}", kColumns[column], shown(text), expected));
  }

  const MappedFile& file_;
  RecordErrors errors_;
  Lines lines_;
  TraceBuilder builder_;
  std::vector<std::size_t> order_;  // the file's columns as Columns
  bool columns_known_ = false;
  boost::unordered_flat_map<std::string_view, std::uint32_t> last_turn_;
  std::int64_t last_arrival_ = 0;
};

class CsvReader final : public TraceReader {
 public:
  explicit CsvReader(const ReaderSetup&) {}
  bool recognises(std::string_view head) const override {
    const std::string_view header = head.substr(0, head.find('\n'));
    return header.find("arrival") != header.npos && header.find("prompt_tokens") != header.npos &&
           header.find('"') == header.npos;
  }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    return CsvParser(*file, diagnostics).parse();
  }
};

TIERSIM_REGISTER(TraceReader, "csv", CsvReader,
                 "plain CSV: arrival (seconds), prompt_tokens, output_tokens[, session, think_time]", {});

}  // namespace
}  // namespace tiersim::traces
