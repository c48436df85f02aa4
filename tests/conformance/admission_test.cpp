// Every registered admission policy against the contract of sim/memory/admission.hpp.
#include "sim/memory/admission.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/core/registry.hpp"
#include "sim/core/rng.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/small_system.hpp"

using namespace tiersim;

namespace {

constexpr std::size_t kBlocks = 64;
using Answer = std::vector<std::uint8_t>;

std::unique_ptr<AdmissionPolicy> make(std::string_view name) {
  return Registry<AdmissionPolicy>::instance().make(name, {kBlocks, tests::default_parameters<AdmissionPolicy>(name)});
}

std::vector<BlockId> random_run(Rng& rng) {
  std::vector<BlockId> run;
  const std::uint64_t first = rng.below(kBlocks), count = rng.below(9);
  for (std::uint64_t i = first; i < std::min<std::uint64_t>(kBlocks, first + count); ++i) run.push_back(BlockId(i));
  return run;
}

Answer decide(AdmissionPolicy& policy, const std::vector<BlockId>& run, std::uint8_t before, Time now) {
  Answer answer(run.size(), before);
  policy.decide(run, answer, now);
  return answer;
}

}  // namespace

TEST_CASE("does every admission policy answer every block with 0 or 1, the same for the same calls?") {
  REQUIRE(!Registry<AdmissionPolicy>::instance().names().empty());
  for (std::string_view name : Registry<AdmissionPolicy>::instance().names()) {
    CAPTURE(std::string(name));
    const auto policy = make(name), twin = make(name);
    Rng rng(3);
    for (int i = 0; i < 2000; ++i) {
      const std::vector<BlockId> run = random_run(rng);
      const Answer answer = decide(*policy, run, 2, Time(i));
      CHECK(answer == decide(*twin, run, 77, Time(i)));  // whatever stood in the span before
      for (std::uint8_t a : answer) CHECK(a <= 1);
    }
  }
}

TEST_CASE("does 'always' let everything in?") {
  const auto policy = make("always");
  CHECK(decide(*policy, {BlockId(3), BlockId(0)}, 0, Time(0)) == Answer{1, 1});
}

TEST_CASE("does 'second_touch' let a block in exactly from its second coming on?") {
  const auto policy = make("second_touch");
  CHECK(decide(*policy, {BlockId(3), BlockId(4)}, 0, Time(0)) == Answer{0, 0});
  CHECK(decide(*policy, {BlockId(4), BlockId(5)}, 0, Time(1)) == Answer{1, 0});
  CHECK(decide(*policy, {BlockId(3), BlockId(4), BlockId(5)}, 0, Time(9)) == Answer{1, 1, 1});
}

TEST_CASE("does 'frequency' let a block in while it comes by faster than it is forgotten?") {
  const auto policy = make("frequency");  // from 2 on; one is lost every 60 s
  const auto at = [](std::int64_t seconds) { return Time(seconds * 1'000'000'000); };
  CHECK(decide(*policy, {BlockId(3)}, 0, at(0)) == Answer{0});                 // 1
  CHECK(decide(*policy, {BlockId(3), BlockId(4)}, 0, at(1)) == Answer{1, 0});  // 2
  CHECK(decide(*policy, {BlockId(3)}, 0, at(61)) == Answer{1});                // 2 - 1, doubled
  CHECK(decide(*policy, {BlockId(3)}, 0, at(62)) == Answer{1});                // 4
  CHECK(decide(*policy, {BlockId(3)}, 0, at(181)) == Answer{1});               // 4 - 2, doubled
  CHECK(decide(*policy, {BlockId(3)}, 0, at(600)) == Answer{0});               // forgotten: 1
  CHECK(decide(*policy, {BlockId(4)}, 0, at(600)) == Answer{0});
}

TEST_CASE("does 'long_run' let in many together and few not?") {
  const auto policy = make("long_run");
  CHECK(decide(*policy, {BlockId(1), BlockId(2), BlockId(3)}, 2, Time(0)) == Answer{0, 0, 0});
  CHECK(decide(*policy, {BlockId(1), BlockId(2), BlockId(3), BlockId(4)}, 2, Time(0)) == Answer{1, 1, 1, 1});
}

TEST_CASE("does 'priority' tell the head of a sequence from the rest, wherever the block comes from?") {
  const traces::Trace trace = tests::make_trace({{0, 64, 1, {0, 1, 2, 3}}, {1, 64, 1, {0, 1, 4, 5}}}, 16);
  const PrefixTree tree(trace, Tokens(16));
  Parameters parameters;
  for (const auto& [name, number] :
       {std::pair{"threshold", 50.0}, {"priority", 35.0}, {"head", 40.0}, {"head_priority", 60.0}})
    parameters.add({name, number, ""});
  const auto policy = Registry<AdmissionPolicy>::instance().make(
      "priority", {kBlocks, parameters, Tokens(16), [&]() -> const PrefixTree& { return tree; }});
  // 40 tokens are two whole blocks.
  CHECK(decide(*policy, {BlockId(5), BlockId(1), BlockId(4), BlockId(0)}, 2, Time(0)) == Answer{0, 1, 0, 1});
}
