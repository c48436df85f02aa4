#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/trace_files.hpp"
#include "traces/binary_format.hpp"
#include "traces/generators.hpp"
#include "traces/validate.hpp"

using namespace tiersim;
using namespace tiersim::traces;
using namespace tiersim::tests;

namespace {

template <class T>
bool same(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

Trace generated() {
  ChatWorkload workload;
  workload.requests = 300;
  return generate_chat(workload, 7);
}

std::string only_message(const std::string& path) {
  Diagnostics diagnostics;
  CHECK(read_trace(path, "tiersim", diagnostics).size() == 0);
  REQUIRE(diagnostics.all().size() == 1);
  return diagnostics.all()[0].message;
}

void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  std::memcpy(bytes.data() + at, &value, width);
}

/// The bytes with a checksum that fits them.
std::string sealed(std::string bytes) {
  const auto part = std::as_bytes(std::span(bytes)).subspan(binary::kChecksummedFrom);
  put(bytes, offsetof(binary::Header, checksum), hash_bytes(part), 8);
  return bytes;
}

}  // namespace

TEST_CASE("does the binary format bring back every column, and the next uses with it?") {
  const TemporaryFolder folder;
  const Trace trace = generated();
  write_binary(trace, folder.path("t.bin"));
  Diagnostics diagnostics;
  const Trace back = read_trace(folder.path("t.bin"), "tiersim", diagnostics);
  CHECK(diagnostics.render() == "");
  CHECK(validate(back).empty());
  const auto &a = trace.columns(), &b = back.columns();
  CHECK(same(a.arrival, b.arrival));
  CHECK(same(a.prompt_tokens, b.prompt_tokens));
  CHECK(same(a.output_tokens, b.output_tokens));
  CHECK(same(a.identified_tokens, b.identified_tokens));
  CHECK(same(a.previous, b.previous));
  CHECK(same(a.think_time, b.think_time));
  CHECK(same(a.extent_offsets, b.extent_offsets));
  CHECK(same(a.extents, b.extents));
  CHECK(back.block_tokens() == trace.block_tokens());
  CHECK(back.distinct_blocks() == trace.distinct_blocks());
  CHECK(back.has_next_uses());
  CHECK(same(next_uses(trace).offsets, next_uses(back).offsets));
  CHECK(same(next_uses(trace).runs, next_uses(back).runs));
  CHECK(next_uses(back).runs.data() == b.next_uses.data());
  CHECK(guess_format(folder.path("t.bin")) == "tiersim");
  write_binary(back, folder.path("again.bin"));
  CHECK(bytes_of(folder.path("again.bin")) == bytes_of(folder.path("t.bin")));
}

TEST_CASE("does a trace without blocks or sessions survive the binary format?") {
  const TemporaryFolder folder;
  Diagnostics diagnostics;
  write_binary(read_trace(sample("azure.csv"), "azure", diagnostics), folder.path("t.bin"));
  const Trace back = read_trace(folder.path("t.bin"), "tiersim", diagnostics);
  CHECK(diagnostics.render() == "");
  CHECK(back.size() == 4);
  CHECK(!back.has_blocks());
}

TEST_CASE("what is said about a damaged binary file?") {
  const TemporaryFolder folder;
  write_binary(generated(), folder.path("good"));
  const std::string good = bytes_of(folder.path("good"));
  const auto message = [&](const std::string& bytes) { return only_message(folder.write("bad", bytes)); };
  const std::string no_header = "this is no tiersim trace: it does not begin with its header";
  CHECK(message("TIER") == no_header);
  CHECK(message(std::string(5000, '\xff')) == no_header);
  CHECK(message(good.substr(0, 1000)).ends_with("but its header says " + std::to_string(good.size()) + ": truncated?"));
  std::string bytes = good;
  put(bytes, offsetof(binary::Header, version), 9, 4);
  CHECK(message(bytes) == "version 9 of the format, but this program reads version 1");
  bytes = good;
  bytes[good.size() / 2] = static_cast<char>(bytes[good.size() / 2] ^ 1);
  CHECK(message(bytes) == "the checksum does not match: the file was damaged; convert the trace again");
  bytes = good;
  put(bytes, offsetof(binary::Header, offsets) + 8, UINT64_MAX - 63, 8);
  CHECK(message(sealed(bytes)) == "section 1 is not inside the file");
  bytes = good;
  put(bytes, offsetof(binary::Header, requests), 0, 8);
  CHECK(message(sealed(bytes)) == "the trace has no records");
}

TEST_CASE("a binary file whose checksum fits but whose columns lie is refused with record and byte") {
  const TemporaryFolder folder;
  write_binary(generated(), folder.path("good"));
  std::string bytes = bytes_of(folder.path("good"));
  binary::Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  put(bytes, header.offsets[binary::arrival] + 8 * 9, 0, 8);
  Diagnostics diagnostics;
  (void)read_trace(folder.write("bad", sealed(bytes)), "tiersim", diagnostics);
  REQUIRE(diagnostics.all().size() == 1);
  CHECK(diagnostics.all()[0].message == "time goes backwards");
  CHECK(diagnostics.all()[0].mark.record == 10);
  CHECK(diagnostics.all()[0].mark.byte == static_cast<std::int64_t>(header.offsets[binary::arrival]) + 72);
}

TEST_CASE("a binary file appears whole or not at all") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(write_binary(generated(), folder.path("no/such/folder/t.bin")), std::runtime_error);
  CHECK_THROWS_AS(write_binary(Trace(), folder.path("t.bin")), std::runtime_error);
  std::filesystem::create_directory(folder.path("taken"));
  CHECK_THROWS_AS(write_binary(generated(), folder.path("taken")), std::runtime_error);
  CHECK(!std::filesystem::exists(folder.path("taken.partial")));
  CHECK(!std::filesystem::exists(folder.path("t.bin")));
}
