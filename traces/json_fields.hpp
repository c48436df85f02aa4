#pragma once
/// JSON objects field by field, with every mistake placed: the part that readers of JSON share.
///
/// A reader says with begin() which text it parses and with at() which record it is in; then read_document() or
/// read_object() give it the fields, and read_whole() and its like the values. simdjson's on-demand parser reads the
/// bytes in place (it looks up to MappedFile::kPadding bytes past the text's end, which must be readable); what no key
/// asks for is skipped, not validated. One pass, no allocation per record. Include this only in a reader's .cpp, in one
/// named *_json.cpp (both are compiled for simdjson) or in another header of this kind.
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

class JsonFields {
 public:
  using Value = simdjson::ondemand::value;
  using Object = simdjson::ondemand::object;

  /// `what` is what a document of the format is, for messages: a "line", a "file".
  JsonFields(RecordErrors& errors, std::string_view what) : errors_(errors), what_(what) {}

  /// Offsets in messages count from the beginning of `text` from now on.
  void begin(std::string_view text) { text_ = text; }
  void at(RecordPlace place) { place_ = place; }
  [[nodiscard]] RecordPlace place() const { return place_; }

  /// Calls on_field(index into keys, value) in the order of `json` for each key that it knows. on_field returns false
  /// once it has added an error. The first `required` keys must be there, none twice. False if anything is wrong (it is
  /// added). `json`, which is in the text, is one object and nothing else.
  template <std::size_t N, class OnField>
  bool read_document(std::string_view json, const std::array<std::string_view, N>& keys, std::size_t required,
                     OnField&& on_field) {
    document_ = json;
    simdjson::ondemand::document document;
    Object object;
    const simdjson::padded_string_view padded(json.data(), json.size(), json.size() + MappedFile::kPadding);
    if (const auto error = parser_.iterate(padded).get(document)) return fail_json(error);
    if (const auto error = document.get_object().get(object)) return fail_json(error);
    std::uint32_t seen = 0;
    if (!read_known(object, keys, seen, on_field)) return false;
    // On-demand parsing stops at the closing brace; a second value behind it would pass unnoticed.
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
      return fail("text after the record's last brace");
    return require(keys, required, seen);
  }

  /// The same of an object within a document.
  template <std::size_t N, class OnField>
  bool read_object(Object object, const std::array<std::string_view, N>& keys, std::size_t required,
                   OnField&& on_field) {
    std::uint32_t seen = 0;
    return read_known(object, keys, seen, on_field) && require(keys, required, seen);
  }

  /// A whole number, 0 or more.
  bool read_whole(Value value, std::string_view name, std::uint64_t& out) {
    if (!value.get_uint64().get(out)) [[likely]]
      return true;
    return fail_value(value, name, Role::whole_value, "a whole number, 0 or more");
  }

  bool read_integer(Value value, std::string_view name, std::int64_t& out) {
    if (!value.get_int64().get(out)) [[likely]]
      return true;
    return fail_value(value, name, Role::whole_value, "a whole number");
  }

  /// Calls on_item(number) for each of a list of whole numbers.
  template <class OnItem>
  bool read_wholes(Value value, std::string_view name, OnItem&& on_item) {
    return read_list(value, name, "a list of whole numbers", [&](Value item) {
      std::uint64_t number = 0;
      if (item.get_uint64().get(number)) [[unlikely]]
        return fail_value(item, name, Role::list_item, "whole numbers, 0 or more");
      on_item(number);
      return true;
    });
  }

  /// The fields of a value that is an object; none of `keys` has to be there.
  template <std::size_t N, class OnField>
  bool read_fields_of(Value value, std::string_view name, const std::array<std::string_view, N>& keys,
                      OnField&& on_field) {
    Object object;
    if (value.get_object().get(object)) return fail_value(value, name, Role::whole_value, "an object");
    return read_object(object, keys, 0, std::forward<OnField>(on_field));
  }

  /// Calls on_object(object, the byte where it begins) for each of a list of objects, until it returns false.
  template <class OnObject>
  bool read_objects(Value value, std::string_view name, OnObject&& on_object) {
    return read_list(value, name, "a list of objects", [&](Value item) {
      Object object;
      const std::int64_t byte = byte_of(item);
      if (item.get_object().get(object)) return fail_value(item, name, Role::list_item, "objects");
      return on_object(object, byte);
    });
  }

  /// Decimal seconds, 0 to those of RecordErrors::kLatestArrival, as exact nanoseconds.
  bool read_seconds(Value value, std::string_view name, std::int64_t& out,
                    std::string_view expected = "seconds, 0 or more, below 146 years") {
    const auto time = nanoseconds_of_seconds(token_of(value));
    if (!time || *time > RecordErrors::kLatestArrival) return fail_value(value, name, Role::whole_value, expected);
    out = *time;
    return true;
  }

  /// Text without escapes, as names are; it points into the document.
  bool read_word(Value value, std::string_view name, std::string_view& out) {
    out = token_of(value);
    if (out.size() < 2 || out.front() != '"' || out.find('\\') != out.npos)
      return fail_value(value, name, Role::whole_value, "a word in quotes");
    out = out.substr(1, out.size() - 2);
    return true;
  }

  /// Adds the error at the record's place.
  bool fail(std::string message) { return errors_.add(place_, std::move(message)), false; }

 protected:
  [[nodiscard]] RecordErrors& errors() { return errors_; }

 private:
  enum class Role { whole_value, list_item };

  [[nodiscard]] std::int64_t byte_of(Value value) const { return value.raw_json_token().data() - text_.data(); }

  /// Calls on_item(value) for each of a list, until it returns false.
  template <class OnItem>
  bool read_list(Value value, std::string_view name, std::string_view expected, OnItem&& on_item) {
    simdjson::ondemand::array list;
    if (value.get_array().get(list)) return fail_value(value, name, Role::whole_value, expected);
    for (auto result : list) {
      Value item;
      if (const auto error = result.get(item)) [[unlikely]]
        return fail_json(error);
      if (!on_item(item)) return false;
    }
    return true;
  }

  template <std::size_t N, class OnField>
  bool read_known(Object& object, const std::array<std::string_view, N>& keys, std::uint32_t& seen,
                  OnField&& on_field) {
    for (auto result : object) {
      simdjson::ondemand::field field;
      if (const auto error = std::move(result).get(field)) return fail_json(error);
      const std::size_t index = index_of(field.key(), keys);
      if (index == N) continue;
      if (seen >> index & 1U) return fail(fmt::format("'{}' appears twice", keys[index]));
      seen |= 1U << index;
      if (!on_field(index, field.value())) return false;
    }
    return true;
  }

  template <std::size_t N>
  bool require(const std::array<std::string_view, N>& keys, std::size_t required, std::uint32_t seen) {
    for (std::size_t i = 0; i < required; ++i)
      if (!(seen >> i & 1U)) return fail(fmt::format("'{}' is missing", keys[i]));
    return true;
  }

  template <std::size_t N>
  static std::size_t index_of(simdjson::ondemand::raw_json_string key, const std::array<std::string_view, N>& keys) {
    for (std::size_t i = 0; i < N; ++i)
      if (key == keys[i]) return i;
    return N;
  }

  static std::string_view token_of(Value value) {
    const std::string_view token = value.raw_json_token();
    return token.substr(0, token.find_last_not_of(" \r\n\t") + 1);
  }

  bool fail_json(simdjson::error_code error) {
    std::string_view json = document_;
    json.remove_prefix(std::min(json.find_first_not_of(" \t\r\n"), json.size()));
    if (!json.starts_with('{'))
      return fail(fmt::format("the {} is no JSON object: it starts with '{}', expected '{{'", what_, shown(json)));
    switch (error) {
      case simdjson::UNCLOSED_STRING:
        return fail(
            fmt::format("the {} is no complete JSON object: a string in it has no closing quote; truncated?", what_));
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        return fail(
            fmt::format("the {} is no complete JSON object: it ends before its closing '}}'; truncated?", what_));
      case simdjson::UTF8_ERROR:
        return fail(fmt::format("the {} is no JSON object: it holds bytes that are no UTF-8", what_));
      default:
        return fail(fmt::format(
            "the {} is no complete JSON object: a ',', ':', quote or bracket is missing or one too many", what_));
    }
  }

  /// At the token, which is the value or an item of it.
  bool fail_value(Value value, std::string_view name, Role role, std::string_view expected) {
    const RecordPlace at{place_.record, byte_of(value)};
    const auto [is, be] = role == Role::whole_value ? std::pair("is", "be") : std::pair("holds", "hold");
    errors_.add(at, fmt::format("'{}' {} {}, but should {} {}", name, is, shown(token_of(value)), be, expected));
    return false;
  }

  RecordErrors& errors_;
  std::string_view what_;
  std::string_view text_;      // what offsets count in
  std::string_view document_;  // the part of it that is being parsed
  RecordPlace place_;
  simdjson::ondemand::parser parser_;
};

}  // namespace tiersim::traces
