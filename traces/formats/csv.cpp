// Plain CSV for any other source: a header that names the columns, in any order, then one request a line. `arrival` in
// seconds (decimals, to the nanosecond), `prompt_tokens`, `output_tokens`. What a turn follows is said by an optional
// `session` (any text; empty: none), whose requests are chained in order of arrival, or by an optional `previous` (the
// number of the earlier record, from 1; empty: none), which makes trees too; with one of them `think_time` is seconds
// from the end of the previous answer (empty: 0; that of a first turn means nothing). No quoting, no block ids.
#include <array>
#include <optional>

#include "traces/csv_table.hpp"
#include "traces/readers.hpp"
#include "traces/session_turns.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

enum Column : std::size_t { arrival, prompt_tokens, output_tokens, session, previous, think_time, column_count };
constexpr std::array<std::string_view, column_count> kColumns{"arrival", "prompt_tokens", "output_tokens",
                                                              "session", "previous",      "think_time"};
constexpr std::size_t kRequired = session;
constexpr RequestFieldNames kNames{kColumns[arrival], kColumns[prompt_tokens], kColumns[output_tokens]};

class CsvParser {
 public:
  CsvParser(const MappedFile& file, Diagnostics& diagnostics)
      : file_(file), errors_(file.path(), diagnostics), table_(file, kColumns, errors_) {}

  Trace parse() {
    if (read_header())
      while (table_.next()) read_record();
    if (builder_.size() == 0 && !errors_.any()) errors_.add({-1, 0}, "the trace has no records");
    if (errors_.any()) return {};
    return std::move(builder_).finish(0, 0, {file_.path(), "csv", file_.hash()});
  }

 private:
  bool read_header() {
    table_.read_header(kRequired, UnknownColumns::refused);
    if (table_.has(session) && table_.has(previous))
      errors_.add({-1, 0}, "columns 'session' and 'previous' exclude each other");
    if (table_.has(think_time) && !table_.has(session) && !table_.has(previous))
      errors_.add({-1, 0}, "column 'think_time' needs a column 'session' or 'previous'");
    return !errors_.any();
  }

  void read_record() {
    const auto time = nanoseconds_of_seconds(table_.field(arrival));
    const auto prompt = whole_number(table_.field(prompt_tokens)), output = whole_number(table_.field(output_tokens));
    const auto think = table_.field(think_time).empty() ? 0 : nanoseconds_of_seconds(table_.field(think_time));
    const auto before = previous_turn();
    if (!time) return table_.bad(arrival, "seconds, 0 or more");
    if (!prompt) return table_.bad(prompt_tokens, "a whole number, 1 or more");
    if (!output) return table_.bad(output_tokens, "a whole number, 1 or more");
    if (!before) return table_.bad(previous, "the number of an earlier record");
    if (!think || *think > RecordErrors::kLatestArrival) return table_.bad(think_time, "seconds, 0 or more");
    if (!errors_.check_request(table_.place(), kNames, *time, last_arrival_, *prompt, *output)) return;
    last_arrival_ = *time;
    builder_.add_request({.arrival = *time,
                          .prompt_tokens = static_cast<std::uint32_t>(*prompt),
                          .output_tokens = static_cast<std::uint32_t>(*output),
                          .previous = *before,
                          .think_time = *before == kNoRequest ? 0 : *think});
  }

  /// The request that this one follows, or kNoRequest; nothing if 'previous' is wrong.
  std::optional<std::uint32_t> previous_turn() {
    const auto request = static_cast<std::uint32_t>(builder_.size());
    if (!table_.has(previous)) return turns_.previous_of(table_.field(session), request);
    if (table_.field(previous).empty()) return kNoRequest;
    const auto number = whole_number(table_.field(previous));
    if (!number || *number == 0 || *number > request) return {};
    return static_cast<std::uint32_t>(*number - 1);
  }

  const MappedFile& file_;
  RecordErrors errors_;
  CsvTable<column_count> table_;
  TraceBuilder builder_;
  SessionTurns turns_;
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
                 "plain CSV: arrival (seconds), prompt_tokens, output_tokens[, session or previous, think_time]", {});

}  // namespace
}  // namespace tiersim::traces
