// Tiers on every kind of memory that a machine can have: each resolves, runs, is loaded from, over its own links.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/scenarios.hpp"

using namespace tiersim;
using namespace tiersim::literals;
using namespace tiersim::tests;

namespace {

/// Two replicas of a small model on two H100, a chat of few tenants, HBM for a few conversations; `storage` and `tier`
/// are the one tier below.
std::string scenario(const std::string& storage, const std::string& tier) {
  return R"(# Is this kind of memory a tier?
# Look at: where the prompt tokens come from.
model: llama-3.1-8b
machine:
  name: two
  gpu: h100-sxm
  gpus: 2
  gpu_link: {h2d: 55 GB/s, d2h: 55 GB/s, latency: 5 us, sharing: fifo}
  collective: {bandwidth: 380 GB/s, latency: 31 us}
  storage:
    - )" +
         storage +
         R"(
serving: {replicas: 2, router: round_robin, load: always}
hierarchy:
  - {tier: hbm, blocks: 1200}
  - {)" + tier +
         R"(}
workload:
  generate: {chat: {requests: 200, rate: 8/s, tenants: 3, system_prompt: 500, max_prompt: 4000}}
)";
}

struct Outcome {
  RunResult run;
  [[nodiscard]] const LinkUse& link(const std::string& name) const {
    const auto& names = run.context.link_names;
    const auto at = std::find(names.begin(), names.end(), name);
    REQUIRE(at != names.end());
    return run.outcome.whole.links[static_cast<std::size_t>(at - names.begin())];
  }
  [[nodiscard]] const TierUse& tier() const { return run.outcome.whole.tiers[1]; }
};

Outcome run_on(const std::string& storage, const std::string& tier) {
  ScenarioText text(scenario(storage, tier));
  const ResolvedScenario resolved = text.resolve();
  REQUIRE(text.diagnostics().render() == "");
  RunOptions options;
  options.references = false;
  return {run(resolved, options).run};
}

}  // namespace

TEST_CASE("is CXL memory a tier, loaded straight to the GPUs that share it?") {
  const Outcome out =
      run_on("{name: cxl, drive: cxl-cz120-256gb, drives: 2}", "tier: cxl, capacity: 100 GB, staged: false");
  CHECK(out.tier().loads > 0);
  CHECK(out.tier().written_blocks > 0);
  CHECK(out.link("cxl read").bytes == out.link("pcie0 h2d").bytes + out.link("pcie1 h2d").bytes);
  CHECK(out.link("pcie0 h2d").bytes > 0_B);
  CHECK(out.link("pcie1 h2d").bytes > 0_B);
}

TEST_CASE("does a remote pool over RDMA give one replica what the other has written?") {
  const Outcome out =
      run_on("{name: remote, capacity: 2 TB, nic: connectx-7, nics: 2}", "tier: remote, capacity: 1 TB, staged: false");
  const Outcome alone = run_on("{name: remote, capacity: 2 TB, nic: connectx-7, nics: 2}",
                               "tier: remote, capacity: 1 TB, admission: second_touch");
  CHECK(out.tier().loads > 0);
  CHECK(out.run.outcome.whole.misses[static_cast<std::size_t>(MissCause::elsewhere)] == 0);
  CHECK(out.link("remote read").bytes > 0_B);
  CHECK(out.tier().loaded_blocks > alone.tier().loaded_blocks);
}

TEST_CASE("is a peer's HBM over NVLink a tier that leaves PCIe alone?") {
  const Outcome out =
      run_on("{name: peer, capacity: 40 GB, over: nvlink, read: 360 GB/s, write: 360 GB/s, latency: 10 us}",
             "tier: peer, capacity: 20 GB");
  CHECK(out.tier().loads > 0);
  CHECK(out.link("nvlink0 in").bytes + out.link("nvlink1 in").bytes == out.link("peer read").bytes);
  CHECK(out.link("peer read").bytes > 0_B);
  CHECK(out.link("pcie0 h2d").bytes + out.link("pcie1 h2d").bytes == 0_B);
}

TEST_CASE("are drives, with their flash and without, and drives that compute tiers?") {
  for (const std::string drive : {"pm9a3-3.84tb", "mqsim-default", "instinfer-csd-2tb"}) {
    CAPTURE(drive);
    const Outcome out = run_on("{name: ssd, drive: " + drive + ", drives: 2}", "tier: ssd, capacity: 200 GB");
    CHECK(out.tier().loads > 0);
    CHECK(out.link("ssd write").bytes > 0_B);
    CHECK(out.link("ssd write").device >= out.link("ssd write").bytes);
  }
}

TEST_CASE("does a tier laid out by layer move a piece for each layer and block?") {
  ScenarioText text(scenario("{name: cxl, drive: cxl-cz120-256gb}", "tier: cxl, capacity: 100 GB, layout: layer"));
  CHECK(text.resolve().settings.lower.at(0).fragments == 32);
  ScenarioText plain(scenario("{name: cxl, drive: cxl-cz120-256gb}", "tier: cxl, capacity: 100 GB"));
  CHECK(plain.resolve().settings.lower.at(0).fragments == 1);
}

TEST_CASE("is memory that cannot be where a machine puts it an error?") {
  const auto says = [](const std::string& storage, const std::string& expected) {
    ScenarioText text(scenario(storage, "tier: x"));
    static_cast<void>(text.resolve());
    CAPTURE(text.diagnostics().render());
    CHECK(text.diagnostics().render().find(expected) != std::string::npos);
  };
  says("{name: x, capacity: 1 TB, nic: connectx-7, nics: 0}", "out of range");
  says("{name: x, capacity: 1 TB, nics: 2}", "'nics' without 'nic'");
  says("{name: x, nic: connectx-7}", "missing key 'capacity'");
  says("{name: x, nic: connectx-7, drive: 990-pro-2tb}", "'drive' and 'nic' exclude each other");
  says("{name: x, capacity: 1 TB, nic: 990-pro-2tb}", "a device of kind 'drive'");
  says("{name: x, capacity: 1 TB, over: radio, read: 1 GB/s, write: 1 GB/s, latency: 1 us}", "radio");
}
