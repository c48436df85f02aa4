#include "traces/record_errors.hpp"

#include <fmt/format.h>

#include <utility>

#include "sim/config/units_text.hpp"

namespace tiersim::traces {

SourceMark RecordErrors::mark(RecordPlace place) const {
  SourceMark mark;
  mark.file = file_;
  mark.record = place.record;
  mark.byte = place.byte;
  return mark;
}

void RecordErrors::add(RecordPlace place, std::string message) {
  Diagnostic& added = diagnostics_.error(mark(place), std::move(message));
  if (++count_ == kMost) added.notes.push_back(fmt::format("stopped here after {} errors; there may be more", kMost));
}

void RecordErrors::warn_of(std::uint64_t count, std::string_view what) {
  if (count > 0) diagnostics_.warning(mark({}), fmt::format("{} ({} of them)", what, count));
}

bool RecordErrors::check_count(RecordPlace place, std::string_view name, std::uint64_t tokens) {
  if (tokens == 0)
    add(place, fmt::format("'{}' is 0, but a request has at least 1 token", name));
  else if (tokens > UINT32_MAX)
    add(place, fmt::format("'{}' is {}, more than 32 bits hold", name, tokens));
  else
    return true;
  return false;
}

bool RecordErrors::check_tokens(RecordPlace place, const RequestFieldNames& names, std::uint64_t prompt,
                                std::uint64_t output) {
  bool good = check_count(place, names.prompt, prompt);
  good = check_count(place, names.output, output) && good;
  if (!good || prompt + output <= UINT32_MAX) return good;
  add(place, fmt::format("'{}' and '{}' together are {}, more than 32 bits hold", names.prompt, names.output,
                         prompt + output));
  return false;
}

bool RecordErrors::check_arrival(RecordPlace place, std::string_view name, std::int64_t arrival,
                                 std::int64_t last_arrival) {
  if (arrival > kLatestArrival) {
    add(place, fmt::format("'{}' is more than 146 years after the start", name));
    return false;
  }
  if (arrival >= last_arrival) return true;
  // A quotient, which is rounded once: the product with 1e-9 would show digits that nobody wrote.
  const double back = static_cast<double>(last_arrival - arrival) / 1e9;
  add(place,
      fmt::format("time goes backwards: '{}' is {} s before the last record's", name, config::text_of_number(back)));
  return false;
}

bool RecordErrors::check_request(RecordPlace place, const RequestFieldNames& names, std::int64_t arrival,
                                 std::int64_t last_arrival, std::uint64_t prompt, std::uint64_t output) {
  const bool good = check_tokens(place, names, prompt, output);
  return check_arrival(place, names.arrival, arrival, last_arrival) && good;
}

bool RecordErrors::check_blocks(RecordPlace place, std::uint64_t distinct_blocks) {
  constexpr std::uint64_t kMostBlocks = 4'000'000'000;  // below 2^32 by more than one record can add
  if (distinct_blocks <= kMostBlocks) return true;
  add(place, fmt::format("more than {} distinct blocks", kMostBlocks));
  return false;
}

}  // namespace tiersim::traces
