#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "sim/config/units_text.hpp"
#include "sim/config/yaml.hpp"
#include "sim/core/rng.hpp"

using namespace tiersim;
using namespace tiersim::config;

namespace {

std::string random_text(Rng& rng) {
  // Weighted towards what YAML gives a meaning.
  static const std::string kPieces[] = {"a",
                                        "Z9",
                                        " ",
                                        ":",
                                        "#",
                                        "-",
                                        ",",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        "'",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\t",
                                        "%",
                                        "~",
                                        "null",
                                        "<",
                                        "\x01",
                                        "\xC3\xBC",
                                        "\xE2\x82\xAC",
                                        "!",
                                        "&",
                                        "*"};
  std::string out;
  for (std::uint64_t n = rng.below(6); n > 0; --n) out += kPieces[rng.below(std::size(kPieces))];
  return out;
}

std::string random_word(Rng& rng) {
  static const char* const kWords[] = {"512 GiB", "lru", "-5 ms", "1.5x", "25%", "a:b", "true", "llama-3.1-8b", "0"};
  return kWords[rng.below(std::size(kWords))];
}

Value random_tree(Rng& rng, int depth) {
  Value v;
  const std::uint64_t kind = rng.below(depth > 0 ? 6 : 4);
  if (kind == 0) return v;
  if (kind < 4) {
    v.kind = Kind::scalar;
    v.quoted = rng.below(2) == 0;
    v.scalar = v.quoted ? random_text(rng) : random_word(rng);
    return v;
  }
  v.kind = kind == 4 ? Kind::list : Kind::map;
  for (std::uint64_t n = rng.below(5); n > 0; --n) {
    if (v.kind == Kind::list) {
      v.items.push_back(random_tree(rng, depth - 1));
    } else if (std::string key = random_text(rng); v.find(key) == nullptr) {
      v.entries.emplace_back(std::move(key), random_tree(rng, depth - 1));
    }
  }
  return v;
}

bool same(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.scalar != b.scalar || a.quoted != b.quoted) return false;
  if (a.items.size() != b.items.size() || a.entries.size() != b.entries.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!same(a.items[i], b.items[i])) return false;
  for (std::size_t i = 0; i < a.entries.size(); ++i)
    if (a.entries[i].first != b.entries[i].first || !same(a.entries[i].second, b.entries[i].second)) return false;
  return true;
}

template <class T, class Parse>
void check_round_trip(T value, const std::string& text, Parse parse) {
  std::string problem;
  const auto again = parse(text, problem);
  INFO(text << " " << problem);
  REQUIRE(again.has_value());
  REQUIRE(*again == value);
}

/// A number of any magnitude, often a round one.
std::int64_t random_whole(Rng& rng) {
  constexpr std::int64_t kRound[] = {1, 1000, 1024, 1'000'000, 1 << 20, 1'000'000'000, 1 << 30, 60'000'000'000};
  const auto any = static_cast<std::int64_t>(rng.next() >> rng.below(64));
  const std::int64_t round = static_cast<std::int64_t>(rng.below(10'000)) * kRound[rng.below(std::size(kRound))];
  const std::int64_t v = rng.below(2) == 0 ? any : round;
  return rng.below(8) == 0 && v > 0 ? -v : v;
}

double random_rate(Rng& rng) {
  if (rng.below(2) == 0) return static_cast<double>(rng.below(1'000'000)) * 1e6;
  return rng.lognormal(20.0, 15.0);
}

}  // namespace

TEST_CASE("any tree written as YAML reads back the same, with and without origins") {
  const Rng root(5);
  for (int i = 0; i < 3000; ++i) {
    Rng rng = root.fork(std::to_string(i));
    const Value tree = random_tree(rng, 4);
    for (const bool origins : {false, true}) {
      const std::string text = to_yaml(tree, origins);
      Diagnostics d;
      const Value again = parse_yaml(text, "again.yaml", d);
      INFO(text << d.render());
      REQUIRE_FALSE(d.has_errors());
      REQUIRE(same(tree, again));
    }
  }
}

TEST_CASE("any quantity printed reads back the same to the last bit") {
  Rng rng(6);
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t whole = random_whole(rng);
    check_round_trip(Bytes(whole), text_of(Bytes(whole)), parse_bytes);
    check_round_trip(Duration(whole), text_of(Duration(whole)), parse_duration);
    check_round_trip(Tokens(whole), text_of(Tokens(whole)), parse_tokens);
    const double rate = random_rate(rng);
    check_round_trip(BytesPerSecond(rate), text_of(BytesPerSecond(rate)), parse_bandwidth);
    check_round_trip(FlopsPerSecond(rate), text_of(FlopsPerSecond(rate)), parse_compute);
    check_round_trip(rate, text_of_number(-rate).substr(1), parse_number);
    check_round_trip(rate, text_of_multiple(rate), parse_multiple);
    check_round_trip(rate, text_of_per_second(rate), parse_per_second);
  }
}

TEST_CASE("garbled YAML never does worse than a message, and what it leaves can be written and read") {
  const std::string good =
      "# x\nmodel: llama\nhierarchy:\n  - {tier: hbm, eviction: 'a''b'}\n  - tier: &d dram\n    size: \"1 \\t TiB\"\n"
      "text: |\n  lines\n  more\nalias: *d\nlist: [1, [2, 3], {a: ~}]\n";
  static const std::string kNoise = "\t\n\r -:,[]{}\"'#&*!|>%@`?\\~<\xC3\xBCx0\x01";
  const Rng root(7);
  for (int i = 0; i < 4000; ++i) {
    Rng rng = root.fork(std::to_string(i));
    std::string text = good;
    for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) {
      const std::size_t at = rng.below(text.size());
      if (rng.below(3) == 0)
        text.erase(at, 1 + rng.below(8));
      else
        text.insert(at, 1, kNoise[rng.below(kNoise.size())]);
    }
    Diagnostics d;
    const Value tree = parse_yaml(text, "x", d);
    static_cast<void>(d.render());
    Diagnostics clean;
    static_cast<void>(parse_yaml(to_yaml(tree), "again", clean));
    INFO(text);
    REQUIRE_MESSAGE(!clean.has_errors(), clean.render() << to_yaml(tree));
  }
}
