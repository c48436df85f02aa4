#include <doctest/doctest.h>

#include <set>
#include <string>

#include "traces/hash.hpp"

using namespace tiersim::traces;

namespace {
std::uint64_t hash_of(const std::string& text, std::uint64_t seed = 0) {
  return hash_bytes(std::as_bytes(std::span(text)), seed);
}
}  // namespace

TEST_CASE("does every bit, the length and the seed move the hash?") {
  for (const std::size_t length : {1, 7, 63, 64, 65, 200}) {
    std::set<std::uint64_t> seen{hash_of(std::string(length, '\0')), hash_of(std::string(length + 1, '\0')),
                                 hash_of(std::string(length, '\0'), 1)};
    CHECK(seen.size() == 3);
    for (std::size_t bit = 0; bit < 8 * length; ++bit) {
      std::string text(length, '\0');
      text[bit / 8] = static_cast<char>(1U << (bit % 8));
      CHECK(seen.insert(hash_of(text)).second);
    }
  }
}

TEST_CASE("is the hash the one that files of version 1 were sealed with?") {
  CHECK(hash_text(hash_of("")) == "d1aadcc5a45ae405");
  CHECK(hash_text(hash_of("tiersim")) == "4beb8ab3bbd2b8af");
}
