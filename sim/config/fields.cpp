#include "sim/config/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <exception>

namespace tiersim::config {
namespace {

const SourceMark& default_mark() {
  static const SourceMark mark = scalar({}).mark;
  return mark;
}

template <class Number>
double magnitude(const Number& v) {
  if constexpr (std::is_arithmetic_v<Number>) {
    return static_cast<double>(v);
  } else {
    return static_cast<double>(v.value());
  }
}

template <class Number>
Number from_magnitude(double v) {
  if constexpr (std::is_arithmetic_v<Number>) {
    return static_cast<Number>(v);
  } else {
    return Number(static_cast<typename Number::rep>(v));
  }
}

/// "" if the value is inside, else what the range asks for.
template <class Number, class Print>
std::string outside(const Number& value, Range range, Print print) {
  const double v = magnitude(value);
  constexpr Range kAll = Range::any();
  if (v >= range.low && v <= range.high) return {};
  const bool bounded = range.high < kAll.high;
  if (range.low == Range::positive().low)
    return bounded ? "must be above zero and at most " + print(from_magnitude<Number>(range.high))
                   : "must be above zero";
  const std::string high = bounded ? print(from_magnitude<Number>(range.high)) : std::string();
  if (range.low <= kAll.low) return "must be at most " + high;
  const std::string low = print(from_magnitude<Number>(range.low));
  // Ends that lie far apart are there to keep arithmetic sound: of those only the one in the way is told.
  const bool told_together = bounded && range.high <= 1e6 * std::max(range.low, 1e-3);
  if (told_together) return fmt::format("must be between {} and {}", low, high);
  if (v > range.high) return "must be at most " + high;
  if (range.low == 0) return "must not be negative";
  const bool smallest = range.low < 1e-3 || (!std::is_arithmetic_v<Number> && range.low == 1);
  return v <= 0 && smallest ? "must be above zero" : "must be at least " + low;
}

std::string quoted_text(const Value& v) { return fmt::format("'{}'", v.scalar); }

}  // namespace

Value scalar(std::string text, SourceMark origin) {
  Value v;
  v.kind = Kind::scalar;
  v.scalar = std::move(text);
  v.mark = std::move(origin);
  return v;
}

Fields::Fields(const Value& map, std::string what, Diagnostics& diagnostics)
    : map_(map), what_(std::move(what)), diagnostics_(diagnostics) {
  resolved_.kind = Kind::map;
  resolved_.mark = map.mark;
  if (map_.kind != Kind::map && map_.kind != Kind::null)
    diagnostics_.error(map_.mark, fmt::format("{}: expected a map of keys, found {}", what_, kind_name(map_.kind)));
}

// A forgotten finish() would let unknown keys pass: our bug, found in debug builds. Exceptions on their way are not.
Fields::~Fields() { assert(finished_ || std::uncaught_exceptions() > 0); }

bool Fields::has(std::string_view key) { return child(key) != nullptr; }

const SourceMark& Fields::mark() const { return map_.mark; }

const SourceMark& Fields::mark_of(std::string_view key) const {
  const Value* v = map_.find(key);
  return v == nullptr ? map_.mark : v->mark;
}

const Value* Fields::child(std::string_view key) {
  know(key);
  const Value* v = map_.find(key);
  return v == nullptr || v->kind == Kind::null ? nullptr : v;
}

void Fields::know(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
}

void Fields::record(std::string_view key, Value resolved) {
  know(key);
  if (Value* earlier = resolved_.find(key)) {
    *earlier = std::move(resolved);
    return;
  }
  resolved_.key_marks.push_back(resolved.mark);
  resolved_.entries.emplace_back(std::string(key), std::move(resolved));
}

void Fields::record_scalar(std::string_view key, std::string text, const SourceMark& origin) {
  record(key, scalar(std::move(text), origin));
}

Diagnostic& Fields::error(std::string_view key, std::string message) {
  return diagnostics_.error(mark_of(key), std::move(message));
}

const Value* Fields::scalar_child(std::string_view key, bool required, std::string_view expected) {
  const Value* v = child(key);
  const bool unreadable = map_.kind != Kind::map && map_.kind != Kind::null;  // said already
  if (v == nullptr) {
    if (!required || unreadable) return nullptr;
    const bool empty = map_.find(key) != nullptr;
    error(key, empty ? fmt::format("key '{}' in {} has no value", key, what_)
                     : fmt::format("missing key '{}' in {}", key, what_))
        .notes.push_back(fmt::format("expected {}", expected));
    return nullptr;
  }
  if (v->kind == Kind::scalar) return v;
  error(key, fmt::format("'{}' in {}: found {}, expected {}", key, what_, kind_name(v->kind), expected));
  return nullptr;
}

template <class T, class Parse, class Print>
T Fields::read(std::string_view key, std::optional<T> otherwise, Range range, Parse parse, Print print,
               std::string_view expected) {
  const T fallback = otherwise.value_or(T{});
  const Value* v = scalar_child(key, !otherwise, expected);
  if (v == nullptr) {
    if (otherwise) record_scalar(key, print(*otherwise), default_mark());
    return fallback;
  }
  std::string problem;
  std::optional<T> value;
  if (v->quoted) {
    problem = fmt::format("{} is text for its quotes, expected {}", quoted_text(*v), expected);
  } else if (value = parse(v->scalar, problem); value) {
    if (const std::string bounds = outside(*value, range, print); !bounds.empty())
      problem = fmt::format("{} is out of range: it {}", quoted_text(*v), bounds);
  }
  if (!problem.empty()) {
    error(key, fmt::format("'{}' in {}: {}", key, what_, problem));
    return fallback;
  }
  record_scalar(key, print(*value), v->mark);
  return *value;
}

Bytes Fields::bytes(std::string_view key, std::optional<Bytes> otherwise, Range range) {
  return read(
      key, otherwise, range, parse_bytes, [](Bytes v) { return text_of(v); }, expected::size);
}

Duration Fields::duration(std::string_view key, std::optional<Duration> otherwise, Range range) {
  return read(
      key, otherwise, range, parse_duration, [](Duration v) { return text_of(v); }, expected::duration);
}

Tokens Fields::tokens(std::string_view key, std::optional<Tokens> otherwise, Range range) {
  return read(
      key, otherwise, range, parse_tokens, [](Tokens v) { return text_of(v); }, expected::tokens);
}

BytesPerSecond Fields::bandwidth(std::string_view key, std::optional<BytesPerSecond> otherwise, Range range) {
  const auto print = [](BytesPerSecond v) { return text_of(v); };
  return read(key, otherwise, range, parse_bandwidth, print, expected::bandwidth);
}

FlopsPerSecond Fields::compute(std::string_view key, std::optional<FlopsPerSecond> otherwise, Range range) {
  const auto print = [](FlopsPerSecond v) { return text_of(v); };
  return read(key, otherwise, range, parse_compute, print, expected::compute);
}

Watts Fields::power(std::string_view key, std::optional<Watts> otherwise, Range range) {
  return read(
      key, otherwise, range, parse_power, [](Watts v) { return text_of(v); }, expected::power);
}

Dollars Fields::money(std::string_view key, std::optional<Dollars> otherwise, Range range) {
  return read(
      key, otherwise, range, parse_money, [](Dollars v) { return text_of(v); }, expected::money);
}

double Fields::fraction(std::string_view key, std::optional<double> otherwise, Range range) {
  return read(key, otherwise, range, parse_fraction, text_of_number, expected::fraction);
}

double Fields::multiple(std::string_view key, std::optional<double> otherwise, Range range) {
  return read(key, otherwise, range, parse_multiple, text_of_multiple, expected::multiple);
}

double Fields::per_second(std::string_view key, std::optional<double> otherwise, Range range) {
  return read(key, otherwise, range, parse_per_second, text_of_per_second, expected::per_second);
}

double Fields::number(std::string_view key, std::optional<double> otherwise, Range range) {
  return read(key, otherwise, range, parse_number, text_of_number, expected::number);
}

std::int64_t Fields::count(std::string_view key, std::optional<std::int64_t> otherwise, Range range) {
  return read(
      key, otherwise, range, parse_count, [](std::int64_t v) { return fmt::format("{}", v); }, expected::count);
}

bool Fields::flag(std::string_view key, std::optional<bool> otherwise) {
  const auto print = [](bool v) -> std::string { return v ? "true" : "false"; };
  return read(key, otherwise, Range::any(), parse_flag, print, expected::flag);
}

std::string Fields::text(std::string_view key, std::optional<std::string> otherwise) {
  const Value* v = scalar_child(key, !otherwise, expected::text);
  if (v == nullptr) {
    if (otherwise) record_scalar(key, *otherwise, default_mark());
    return otherwise.value_or(std::string());
  }
  record(key, *v);
  return v->scalar;
}

std::string Fields::choice(std::string_view key, const std::vector<std::string_view>& words,
                           std::optional<std::string> otherwise) {
  const Value* v = scalar_child(key, !otherwise, "one of: " + joined(words));
  if (v == nullptr) {
    if (otherwise) record_scalar(key, *otherwise, default_mark());
    return otherwise.value_or(std::string());
  }
  if (std::find(words.begin(), words.end(), v->scalar) != words.end()) {
    record(key, *v);
    return v->scalar;
  }
  Diagnostic& d = error(key, fmt::format("'{}' in {}: there is no '{}'", key, what_, v->scalar));
  if (const auto near = nearest(v->scalar, words); !near.empty())
    d.notes.push_back(fmt::format("did you mean '{}'?", near));
  d.notes.push_back("one of: " + joined(words));
  return otherwise.value_or(std::string());
}

void Fields::known_elsewhere(std::string_view key, std::string meant) {
  elsewhere_.emplace_back(key, std::move(meant));
}

void Fields::finish() {
  ensure(!finished_, "Fields::finish() called twice");
  finished_ = true;
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (std::size_t i = 0; i < map_.entries.size(); ++i) {
    const std::string& key = map_.entries[i].first;
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    Diagnostic& d = diagnostics_.error(map_.key_marks[i], fmt::format("unknown key '{}' in {}", key, what_));
    const auto meant =
        std::find_if(elsewhere_.begin(), elsewhere_.end(), [&](const auto& e) { return e.first == key; });
    if (meant != elsewhere_.end()) {
      d.notes.push_back(meant->second);
    } else if (const auto near = nearest(key, known); !near.empty()) {
      d.notes.push_back(fmt::format("did you mean '{}'?", near));
    }
    d.notes.push_back(known.empty() ? std::string("it takes no keys") : "keys here: " + joined(known));
  }
}

}  // namespace tiersim::config
