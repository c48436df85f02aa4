#pragma once
/// JSON objects, one a line, field by field, with every mistake placed: the part that JSONL readers share.
///
/// A reader calls next_line() until it is false and read_fields() for each record. simdjson's on-demand parser reads
/// the mapped bytes in place (it looks up to 64 bytes past a line's end, which MappedFile provides); what no key asks
/// for is skipped, not validated. One pass, no allocation per record. Include this only in a reader's .cpp: it brings
/// simdjson.
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <simdjson.h>
#include <string>
#include <string_view>

#include "traces/mapped_file.hpp"
#include "traces/record_errors.hpp"
#include "traces/text_records.hpp"

namespace tiersim::traces {

class JsonLines {
 public:
  using Value = simdjson::ondemand::value;

  JsonLines(const MappedFile& file, RecordErrors& errors) : text_(file.text()), lines_(text_), errors_(errors) {}

  [[nodiscard]] bool next_line() { return !errors_.full() && lines_.next(); }
  [[nodiscard]] RecordPlace place() const { return lines_.place(); }

  /// Calls on_field(index into keys, value) in the line's order for each key that it knows. on_field returns false once
  /// it has added an error. The first `required` keys must be there, none twice. False if anything is wrong (it is
  /// added).
  template <std::size_t N, class OnField>
  bool read_fields(const std::array<std::string_view, N>& keys, std::size_t required, OnField&& on_field) {
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    const std::string_view line = lines_.line();
    const simdjson::padded_string_view padded(line.data(), line.size(), line.size() + MappedFile::kPadding);
    if (const auto error = parser_.iterate(padded).get(document)) return fail_json(error);
    if (const auto error = document.get_object().get(object)) return fail_json(error);
    std::uint32_t seen = 0;
    for (auto result : object) {
      simdjson::ondemand::field field;
      if (const auto error = std::move(result).get(field)) return fail_json(error);
      const std::size_t index = index_of(field.key(), keys);
      if (index == N) continue;
      if (seen >> index & 1U) return fail(fmt::format("'{}' appears twice", keys[index]));
      seen |= 1U << index;
      if (!on_field(index, field.value())) return false;
    }
    // On-demand parsing stops at the closing brace; a second value on the line would pass unnoticed.
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
      return fail("text after the record's last brace");
    for (std::size_t i = 0; i < required; ++i)
      if (!(seen >> i & 1U)) return fail(fmt::format("'{}' is missing", keys[i]));
    return true;
  }

  /// A whole number, 0 or more.
  bool read_whole(Value value, std::string_view name, std::uint64_t& out) {
    if (!value.get_uint64().get(out)) [[likely]]
      return true;
    return fail_value(value, name, "a whole number, 0 or more");
  }

  /// Calls on_item(number) for each of a list of whole numbers. The numbers are scanned here: simdjson finds where the
  /// list ends, but takes twice as long for each of them.
  template <class OnItem>
  bool read_wholes(Value value, std::string_view name, OnItem&& on_item) {
    simdjson::ondemand::array list;
    std::string_view text;
    if (value.get_array().get(list)) return fail_value(value, name, "a list of whole numbers");
    if (const auto error = list.raw_json().get(text)) return fail_json(error);
    const char* const stopped = scan_wholes(text, on_item);
    if (stopped == nullptr) [[likely]]
      return true;
    const std::string_view rest = text.substr(static_cast<std::size_t>(stopped - text.data()));
    errors_.add({place().record, stopped - text_.data()},
                fmt::format("'{}' is no list of whole numbers, 0 or more, from '{}' on", name,
                            shown(rest.substr(0, rest.find_first_of(",]", 1)))));
    return false;
  }

 private:
  template <std::size_t N>
  static std::size_t index_of(simdjson::ondemand::raw_json_string key, const std::array<std::string_view, N>& keys) {
    for (std::size_t i = 0; i < N; ++i)
      if (key == keys[i]) return i;
    return N;
  }

  /// Calls on_item for each number of "[1, 2, 3]". Null, or where something else stands.
  template <class OnItem>
  static const char* scan_wholes(std::string_view text, OnItem& on_item) {
    const char* p = text.data() + 1;
    const char* const end = text.data() + text.size();
    const auto skip_blanks = [&] {
      while (p < end && (*p == ' ' || *p == '\t')) ++p;
    };
    skip_blanks();
    if (p < end && *p == ']') return nullptr;
    for (;; ++p) {
      skip_blanks();
      std::uint64_t number = 0;
      const char* const begin = p;
      p = scan_digits(p, end, number);
      if (p == begin || (*begin == '0' && p - begin > 1)) return begin;
      on_item(number);
      skip_blanks();
      if (p < end && *p == ']') return nullptr;
      if (p == end || *p != ',') return begin;
    }
  }

  /// Returns where the digits end, or `p` where there are none or more than 64 bits of them.
  static const char* scan_digits(const char* p, const char* end, std::uint64_t& number) {
    constexpr std::ptrdiff_t kAlwaysFit = 19;
    const char* at = p;
    for (; at < end && *at >= '0' && *at <= '9'; ++at) number = 10 * number + static_cast<std::uint64_t>(*at - '0');
    if (at - p <= kAlwaysFit) [[likely]]
      return at;
    const auto checked = whole_number({p, static_cast<std::size_t>(at - p)});
    number = checked.value_or(0);
    return checked ? at : p;
  }

  bool fail(std::string message) { return errors_.add(place(), std::move(message)), false; }
  bool fail_json(simdjson::error_code error) {
    return fail(fmt::format("the line is no complete JSON object: {}", simdjson::error_message(error)));
  }
  bool fail_value(Value value, std::string_view name, std::string_view expected) {
    std::string_view token = value.raw_json_token();
    const RecordPlace at{place().record, token.data() - text_.data()};
    token = token.substr(0, token.find_last_not_of(" \r\n\t") + 1);
    errors_.add(at, fmt::format("'{}' is {}, but should be {}", name, shown(token), expected));
    return false;
  }

  std::string_view text_;
  Lines lines_;
  RecordErrors& errors_;
  simdjson::ondemand::parser parser_;
};

}  // namespace tiersim::traces
