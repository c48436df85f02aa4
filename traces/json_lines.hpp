#pragma once
/// JSON objects, one a line, field by field, with every mistake placed: the part that JSONL readers share.
///
/// A reader calls next_line() until it is false and read_fields() for each record. simdjson's on-demand parser reads
/// the mapped bytes in place (it looks up to 64 bytes past a line's end, which MappedFile provides); what no key asks
/// for is skipped, not validated. One pass, no allocation per record. Include this only in a reader's .cpp: it brings
/// simdjson.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <utility>

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
    return fail_value(value, name, Role::whole_value, "a whole number, 0 or more");
  }

  /// Calls on_item(number) for each of a list of whole numbers.
  template <class OnItem>
  bool read_wholes(Value value, std::string_view name, OnItem&& on_item) {
    simdjson::ondemand::array list;
    if (value.get_array().get(list)) return fail_value(value, name, Role::whole_value, "a list of whole numbers");
    for (auto result : list) {
      Value item;
      std::uint64_t number = 0;
      if (const auto error = result.get(item)) [[unlikely]]
        return fail_json(error);
      if (item.get_uint64().get(number)) [[unlikely]]
        return fail_value(item, name, Role::list_item, "whole numbers, 0 or more");
      on_item(number);
    }
    return true;
  }

 private:
  template <std::size_t N>
  static std::size_t index_of(simdjson::ondemand::raw_json_string key, const std::array<std::string_view, N>& keys) {
    for (std::size_t i = 0; i < N; ++i)
      if (key == keys[i]) return i;
    return N;
  }

  bool fail(std::string message) { return errors_.add(place(), std::move(message)), false; }
  bool fail_json(simdjson::error_code error) {
    std::string_view line = lines_.line();
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (!line.starts_with('{'))
      return fail(fmt::format("the line is no JSON object: it starts with '{}', expected '{{'", shown(line)));
    switch (error) {
      case simdjson::UNCLOSED_STRING:
        return fail("the line is no complete JSON object: a string in it has no closing quote; truncated?");
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        return fail("the line is no complete JSON object: it ends before its closing '}'; truncated?");
      case simdjson::UTF8_ERROR:
        return fail("the line is no JSON object: it holds bytes that are no UTF-8");
      default:
        return fail("the line is no complete JSON object: a ',', ':', quote or bracket is missing or one too many");
    }
  }
  enum class Role { whole_value, list_item };
  /// At the token, which is the value or an item of it.
  bool fail_value(Value value, std::string_view name, Role role, std::string_view expected) {
    std::string_view token = value.raw_json_token();
    const RecordPlace at{place().record, token.data() - text_.data()};
    token = token.substr(0, token.find_last_not_of(" \r\n\t") + 1);
    const auto [is, be] = role == Role::whole_value ? std::pair("is", "be") : std::pair("holds", "hold");
    errors_.add(at, fmt::format("'{}' {} {}, but should {} {}", name, is, shown(token), be, expected));
    return false;
  }

  std::string_view text_;
  Lines lines_;
  RecordErrors& errors_;
  simdjson::ondemand::parser parser_;
};

}  // namespace tiersim::traces
