// Small files of every format, damaged at random: a reader gives a valid trace or says what is wrong, and never
// crashes.
#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "sim/core/rng.hpp"
#include "tests/support/archives.hpp"
#include "tests/support/trace_files.hpp"
#include "traces/binary_format.hpp"
#include "traces/summary.hpp"
#include "traces/validate.hpp"

using namespace tiersim;
using namespace tiersim::traces;
using namespace tiersim::tests;

namespace {

constexpr int kRounds = 1500;

std::size_t place_in(const std::string& bytes, Rng& rng) { return rng.below(bytes.size()); }

/// One of: a flipped bit, a byte from the formats' alphabets, a cut, a removed piece, a repeated piece.
void damage(std::string& bytes, Rng& rng) {
  static constexpr std::string_view kAlphabet = "0123456789-+.eE,:\"[]{}\\ \n\r\0nulNaTZ\xff";
  if (bytes.empty()) return;
  const std::size_t at = place_in(bytes, rng), length = rng.below(20);
  switch (rng.below(5)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.below(8)));
      break;
    case 1:
      bytes[at] = kAlphabet[rng.below(kAlphabet.size())];
      break;
    case 2:
      bytes.resize(at);
      break;
    case 3:
      bytes.erase(at, length);
      break;
    default:
      bytes.insert(place_in(bytes, rng), bytes.substr(at, length));
      break;
  }
}

/// So that damage behind the checksum is met too.
void seal(std::string& bytes) {
  if (bytes.size() < sizeof(binary::Header)) return;
  const std::uint64_t file_bytes = bytes.size();
  std::memcpy(bytes.data() + offsetof(binary::Header, file_bytes), &file_bytes, 8);
  const std::uint64_t checksum = hash_bytes(std::as_bytes(std::span(bytes)).subspan(binary::kChecksummedFrom));
  std::memcpy(bytes.data() + offsetof(binary::Header, checksum), &checksum, 8);
}

enum class Seal { none, renewed };

/// `beside` names a folder of samples whose files lie beside the damaged one.
void fuzz(const std::string& good, std::string_view format, Seal checksum = Seal::none,
          const std::string& beside = "") {
  const TemporaryFolder folder;
  if (!beside.empty()) copy_sample(beside, folder);
  Rng rng = Rng(17).fork(format);
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string bytes = good;
    for (std::uint64_t n = 1 + rng.below(3); n > 0; --n) damage(bytes, rng);
    if (checksum == Seal::renewed) seal(bytes);
    const std::string path = folder.write("t", bytes);
    Diagnostics diagnostics;
    const Trace trace = read_trace(path, format, diagnostics);
    CAPTURE(round);
    REQUIRE(diagnostics.has_errors() == (trace.size() == 0));
    REQUIRE(diagnostics.all().size() <= 20);
    REQUIRE(validate(trace).empty());
    accepted += trace.size() > 0;
    (void)to_text(summarise(trace));
    (void)next_uses(trace);
    (void)guess_format(path);
  }
  CHECK(accepted < kRounds);
}

std::string binary_sample() {
  const TemporaryFolder folder;
  Diagnostics diagnostics;
  write_binary(read_trace(sample("mooncake.jsonl"), "mooncake", diagnostics), folder.path("t"));
  return bytes_of(folder.path("t"));
}

std::string archive_sample(Compression compression) {
  const TemporaryFolder folder;
  const std::string session = sample("kv-cache-tester/session_");
  write_tar(folder.path("t"), {{"1.json", bytes_of(session + "1.json")}, {"2.json", bytes_of(session + "2.json")}},
            compression);
  return bytes_of(folder.path("t"));
}

}  // namespace

TEST_CASE("does a damaged Mooncake file ever crash its reader?") {
  fuzz(bytes_of(sample("mooncake.jsonl")), "mooncake");
}
TEST_CASE("does a damaged Azure file ever crash its reader?") { fuzz(bytes_of(sample("azure.csv")), "azure"); }
TEST_CASE("does a damaged plain CSV ever crash its reader?") { fuzz(bytes_of(sample("plain.csv")), "csv"); }
TEST_CASE("does a damaged token file ever crash its reader?") { fuzz(bytes_of(sample("tokens.jsonl")), "tokens"); }
TEST_CASE("does a damaged Bailian file ever crash its reader?") { fuzz(bytes_of(sample("bailian.jsonl")), "bailian"); }
TEST_CASE("does a damaged BurstGPT file ever crash its reader?") { fuzz(bytes_of(sample("burstgpt.csv")), "burstgpt"); }
TEST_CASE("does a damaged file of kvcache.ai's format ever crash its reader?") {
  fuzz(bytes_of(sample("kvcache.jsonl")), "kvcache");
}
TEST_CASE("does a damaged oracleGeneral file ever crash its reader?") {
  fuzz(bytes_of(sample("oracleGeneral.bin")), "oracleGeneral");
}
TEST_CASE("does a damaged RAGPulse file ever crash its readers?") {
  for (const char* format : {"ragpulse", "ragpulse-chunks"})
    fuzz(bytes_of(sample("ragpulse/0_trace.jsonl")), format, Seal::none, "ragpulse");
}
TEST_CASE("does a damaged session of agents ever crash its reader?") {
  fuzz(bytes_of(sample("kv-cache-tester/session_1.json")), "kv-cache-tester");
}
TEST_CASE("does a damaged archive of sessions ever crash its reader?") {
  fuzz(archive_sample(Compression::none), "kv-cache-tester");
  fuzz(archive_sample(Compression::zstd), "kv-cache-tester");
}
TEST_CASE("does a damaged binary file ever crash its reader?") { fuzz(binary_sample(), "tiersim"); }
TEST_CASE("does a binary file damaged before it was sealed ever crash its reader?") {
  fuzz(binary_sample(), "tiersim", Seal::renewed);
}
