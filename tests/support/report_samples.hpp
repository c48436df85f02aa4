#pragma once
/// Hand-made results for tests of the reports: small ones whose metrics are worked out by hand, and one of a screenful.
#include "sim/report/result.hpp"

namespace tiersim::test {

/// Two replicas of one GPU, HBM and DRAM, one link pair, a window from 0 s to 10 s, no requests.
[[nodiscard]] RunResult empty_run();
/// A completed, measured request: times in milliseconds, the whole prompt new.
[[nodiscard]] RequestOutcome completed(std::int64_t arrival_ms, std::int64_t scheduled_ms, std::int64_t first_ms,
                                       std::int64_t last_ms, std::uint32_t prompt, std::uint32_t output);
/// A run as a planner would see it: three tiers, three references, rejections, lost loads, preemptions.
[[nodiscard]] Result full_result();

}  // namespace tiersim::test
