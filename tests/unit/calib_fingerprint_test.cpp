// Which machine samples are of, in JSON.
#include <doctest/doctest.h>

#include "calib/fingerprint.hpp"
#include "tests/support/trace_files.hpp"

using namespace tiersim::calib;
using tiersim::tests::TemporaryFolder;

TEST_CASE("does a fingerprint survive JSON, in its order?") {
  const TemporaryFolder folder;
  const Fingerprint here = {{"kind", "host"}, {"device", "A \"B\" \\ C"}, {"a", "1"}};
  CHECK(fingerprint_in(folder.path()).empty());
  (void)folder.write("fingerprint.json", fingerprint_json(here));
  CHECK(fingerprint_in(folder.path()) == here);
}

TEST_CASE("is the CUDA program's file read, whatever else it holds?") {
  const TemporaryFolder folder;
  (void)folder.write("machine.json", R"({"fingerprint": {"kind": "cuda", "clock_mhz": 1980}, "failures": []})");
  CHECK(fingerprint_in(folder.path()) == Fingerprint{{"kind", "cuda"}, {"clock_mhz", "1980"}});
}

TEST_CASE("does a file that is no fingerprint say so?") {
  const TemporaryFolder folder;
  for (const char* text : {"", "{", "[]", "{\"fingerprint\": 3}"}) {
    const std::string path = folder.write("fingerprint.json", text);
    CHECK_THROWS_WITH_AS((void)read_fingerprint(path),
                         (path + ": no fingerprint: expected {\"fingerprint\": {...}}").c_str(), std::runtime_error);
  }
}

TEST_CASE("are machines told apart by what both of them say?") {
  const Fingerprint a = {{"kind", "host"}, {"device", "x"}, {"drive", "d"}}, b = {{"kind", "host"}, {"device", "y"}};
  CHECK(first_difference(a, b, {"kind", "drive", "device"}) == "device");
  CHECK(first_difference(a, b, {"kind", "drive"}).empty());
}
