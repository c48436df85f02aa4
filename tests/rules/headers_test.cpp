// What every header and every file of the simulator promises to a reader.
#include <doctest/doctest.h>

#include <array>
#include <regex>

#include "tests/support/sources.hpp"

using namespace tiersim::test;

namespace {

constexpr std::array<std::string_view, 5> kLibrary = {"sim", "models", "hw", "calib", "traces"};

std::vector<SourceFile> library_sources() {
  std::vector<SourceFile> files;
  for (const auto folder : kLibrary) {
    for (auto& file : sources_under(folder)) files.push_back(std::move(file));
  }
  return files;
}

/// What measures and fits is no part of a run: it may read clocks, and libm is good enough for it.
bool is_of_a_run(const SourceFile& file) {
  return !file.path.starts_with("calib/") || file.path.starts_with("calib/profile");
}

struct Forbidden {
  const char* pattern;
  std::string_view instead;
};

// Wall clocks, the environment and other people's random numbers and libm make runs differ between machines.
constexpr std::array kForbidden = {
    Forbidden{R"(\bstd::s?rand\b|\brandom_device\b|\bmt19937|\bstd::\w+_distribution\b)", "use sim/core/rng.hpp"},
    Forbidden{R"(\btime\((nullptr|NULL|0)\)|\bgettimeofday\b|\bclock_gettime\b)", "the simulator sees no wall clock"},
    Forbidden{R"(\b(system|steady|high_resolution)_clock\b)", "the simulator sees no wall clock"},
    Forbidden{R"(\bgetenv\b)", "the command reads the environment and passes it in"},
    Forbidden{R"((\bstd::|^|[^\w:.>])(exp|exp2|expm1|log|log2|log10|log1p|pow|cbrt|sin|cos|tan|tgamma|lgamma|erf)f?\()",
              "libm differs between machines; use sim/core/mathematics.hpp"},
    Forbidden{R"(\bstd::exit\b|(^|[^\w:.>])exit\(|\babort\()", "throw; the command decides the exit status"},
};

}  // namespace

TEST_CASE("does every public header open with its contract?") {
  std::vector<std::string> findings;
  for (const auto& file : library_sources()) {
    if (!file.is_header()) continue;
    const bool guarded = !file.lines.empty() && file.lines[0].text == "#pragma once";
    const bool contract = file.lines.size() > 1 && file.lines[1].text.starts_with("/// ");
    if (!guarded || !contract) findings.push_back(finding(file, 1, "open with '#pragma once', then '/// what it is'"));
  }
  INFO(joined(findings));
  CHECK(findings.empty());
}

TEST_CASE("is the library free of whatever makes two runs differ?") {
  std::vector<std::string> findings;
  for (const auto& rule : kForbidden) {
    const std::regex pattern(rule.pattern);
    for (const auto& file : library_sources()) {
      if (!is_of_a_run(file)) continue;
      for (const auto& line : code_of(file)) {
        if (std::regex_search(line.text, pattern)) findings.push_back(finding(file, line.number, rule.instead));
      }
    }
  }
  INFO(joined(findings));
  CHECK(findings.empty());
}
