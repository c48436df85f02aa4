// Every prefetch policy: never into the past, and the same history gives the same answer.
#include "sim/memory/prefetch.hpp"

#include <doctest/doctest.h>

#include "sim/core/rng.hpp"
#include "tests/support/policies.hpp"

using namespace tiersim;

namespace {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::int64_t kSecond = 1'000'000'000;

std::unique_ptr<PrefetchPolicy> make(std::string_view name, std::span<const std::uint32_t> previous) {
  return Registry<PrefetchPolicy>::instance().make(name, {tests::default_parameters<PrefetchPolicy>(name), previous});
}

}  // namespace

TEST_CASE("does every prefetch policy answer with a time from now on or with never, the same each time?") {
  for (const std::string_view name : Registry<PrefetchPolicy>::instance().names()) {
    CAPTURE(name);
    Rng rng(3);
    std::vector<std::uint32_t> previous;
    for (std::uint32_t r = 0; r < 300; ++r)
      previous.push_back(r == 0 || rng.below(3) == 0 ? kNone : static_cast<std::uint32_t>(rng.below(r)));
    const auto one = make(name, previous), two = make(name, previous);
    Time now;
    for (std::uint32_t r = 0; r < previous.size(); ++r) {
      now = now + Duration(static_cast<std::int64_t>(rng.below(10 * kSecond)));
      const Time arrival = one->on_arrival(RequestId(r), now);
      CHECK(arrival >= now);
      CHECK(two->on_arrival(RequestId(r), now) == arrival);
      if (rng.below(4) == 0) continue;  // still under way when others come
      now = now + Duration(static_cast<std::int64_t>(rng.below(kSecond)));
      const Time completion = one->on_completion(RequestId(r), now);
      CHECK(completion >= now);
      CHECK(two->on_completion(RequestId(r), now) == completion);
    }
  }
}

TEST_CASE("is the next turn expected after the session's own mean think time, or everybody's before it has one?") {
  const std::vector<std::uint32_t> previous{kNone, 0, 1, kNone};
  const auto policy = make("think_time", previous);
  const auto at = [](std::int64_t seconds) { return Time(seconds * kSecond); };
  CHECK(policy->on_arrival(RequestId(0), at(0)) == Time::never());
  CHECK(policy->on_completion(RequestId(0), at(10)) == Time::never());  // nothing is known yet
  CHECK(policy->on_arrival(RequestId(1), at(30)) == Time::never());     // thought for 20 s
  CHECK(policy->on_completion(RequestId(1), at(40)) == at(50));         // half of 20 s later
  policy->on_arrival(RequestId(2), at(100));                            // thought for 60 s: 40 s in the mean
  CHECK(policy->on_completion(RequestId(2), at(110)) == at(130));
  policy->on_arrival(RequestId(3), at(120));
  CHECK(policy->on_completion(RequestId(3), at(125)) == at(145));  // a new session: everybody's 40 s
}
