// Traces made of another, where the requests of a session are a tree.
#include <doctest/doctest.h>

#include <vector>

#include "tests/support/small_system.hpp"
#include "tests/support/trace_files.hpp"
#include "traces/csv_writer.hpp"
#include "traces/repeat.hpp"
#include "traces/validate.hpp"

using namespace tiersim;
using namespace tiersim::traces;
using namespace tiersim::tests;

namespace {

using Ints = std::vector<std::uint32_t>;

template <class T>
std::vector<T> list(std::span<const T> column) {
  return {column.begin(), column.end()};
}

/// Two turns and a third request follow the first one; blocks 0 to 5.
Trace tree() {
  return make_trace({{.arrival = 0, .prompt = 32, .blocks = {0, 1}},
                     {.arrival = 5, .prompt = 48, .blocks = {0, 1, 2}, .previous = 0, .think_time = 4},
                     {.arrival = 6, .prompt = 16, .blocks = {3}, .previous = 0, .think_time = 3},
                     {.arrival = 9, .prompt = 64, .blocks = {0, 1, 4, 5}, .previous = 0, .think_time = 2}},
                    16);
}

}  // namespace

TEST_CASE("how many requests from the first on mention at most so many blocks?") {
  const Trace trace = tree();
  CHECK(requests_within(trace, 0) == 0);
  CHECK(requests_within(trace, 1) == 0);
  CHECK(requests_within(trace, 2) == 1);
  CHECK(requests_within(trace, 5) == 2);
  CHECK(requests_within(trace, 9) == 3);
  CHECK(requests_within(trace, 10) == 4);
  CHECK(requests_within(trace, UINT64_MAX) == 4);
}

TEST_CASE("is the beginning of a tree of turns a good trace?") {
  const Trace cut = first_requests(tree(), 3);
  CHECK(validate(cut).empty());
  CHECK(cut.distinct_blocks() == 4);
  CHECK(list(cut.columns().previous) == Ints{kNoRequest, 0, 0});
}

TEST_CASE("does a repeated tree of turns follow its own first request?") {
  const Trace twice = repeated(tree(), Duration(100));
  CHECK(validate(twice).empty());
  CHECK(list(twice.columns().previous) == Ints{kNoRequest, 0, 0, 0, kNoRequest, 4, 4, 4});
  CHECK(twice.arrival(RequestId(4)) == Time(109));
  CHECK(twice.distinct_blocks() == 6);
}

TEST_CASE("does a tree of turns come through CSV as it was, and a chain with the names of its sessions?") {
  const TemporaryFolder folder;
  CHECK(to_csv(tree()) ==
        "arrival,prompt_tokens,output_tokens,previous,think_time\n"
        "0.000000000,32,1,,\n"
        "0.000000005,48,1,1,0.000000004\n"
        "0.000000006,16,1,1,0.000000003\n"
        "0.000000009,64,1,1,0.000000002\n");
  Diagnostics diagnostics;
  const Trace again = read_trace(folder.write("t.csv", to_csv(tree())), "csv", diagnostics);
  CHECK(diagnostics.render() == "");
  CHECK(list(again.columns().previous) == list(tree().columns().previous));
  CHECK(list(again.columns().think_time) == list(tree().columns().think_time));
  CHECK(to_csv(first_requests(tree(), 2)) ==
        "arrival,prompt_tokens,output_tokens,session,think_time\n"
        "0.000000000,32,1,0,\n"
        "0.000000005,48,1,0,0.000000004\n");
}
