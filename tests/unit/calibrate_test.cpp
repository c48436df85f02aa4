// Calibration as a whole, on samples of a host whose laws are known: the profile, its file, the machine's file.
#include "calib/fit/calibrate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

#include "calib/fit/observation.hpp"
#include "hw/device_spec.hpp"
#include "sim/config/yaml.hpp"
#include "tests/support/synthetic_machine.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace {

const calib::Calibration& host() {
  static const calib::Calibration calibration = calib::calibrate("testhost", host_samples(), host_fingerprint());
  return calibration;
}

const calib::Law* law_of(const calib::Profile& profile, const calib::Point& point) {
  const auto same = [&](const calib::Law& law) {
    return law.family == point.family && law.kernel == point.kernel && law.variant == point.variant;
  };
  const auto found = std::find_if(profile.laws.begin(), profile.laws.end(), same);
  return found == profile.laws.end() ? nullptr : &*found;
}

/// The samples of these families alone, which fit sooner.
std::vector<calib::Sample> samples_of(std::initializer_list<std::string_view> families) {
  std::vector<calib::Sample> samples = host_samples();
  std::erase_if(samples, [&](const calib::Sample& s) {
    return std::find(families.begin(), families.end(), s.point.family) == families.end();
  });
  return samples;
}

struct Reading {
  explicit Reading(const std::string& yaml) : value(config::parse_yaml(yaml, "test.yaml", diagnostics)) {}
  Diagnostics diagnostics;
  config::Value value;
};

}  // namespace

TEST_CASE("every series gets a law that predicts its points, held-out ones too") {
  std::size_t laws = 0;
  for (const calib::Sample& sample : host_samples()) {
    const calib::Law* law = law_of(host().profile, sample.point);
    if (sample.point.family == "ceiling") {
      CHECK(law == nullptr);
      continue;
    }
    REQUIRE(law != nullptr);
    CAPTURE(sample.point.series());
    CHECK(law->time(calib::work_of(sample)).value() == doctest::Approx(sample.seconds).epsilon(0.08));
    ++laws;
  }
  CHECK(laws > 250);
  for (const calib::ErrorRow& row : host().profile.errors) {
    CAPTURE(row.family);
    CAPTURE(row.kernel);
    CAPTURE(row.set);
    CHECK(row.mape < 0.03);
    CHECK((row.points > 0 || (row.family == "overhead" && row.set == "held-out")));
  }
}

TEST_CASE("the profile's file reads without complaint, to the same predictions and tables") {
  Reading file(host().profile_yaml);
  config::Fields fields(file.value, "profile", file.diagnostics);
  const calib::Profile profile = calib::read_profile(fields);
  CHECK(file.diagnostics.render() == "");
  for (const calib::Sample& sample : host_samples()) {
    const calib::Law* law = law_of(profile, sample.point);
    if (law != nullptr) {
      CHECK(law->time(calib::work_of(sample)) == law_of(host().profile, sample.point)->time(calib::work_of(sample)));
    }
  }
  CHECK(profile.errors.size() == host().profile.errors.size());
  CHECK(profile.fingerprint == host_fingerprint());
  CHECK(profile.provenance == "measured");
  CHECK(host().profile_yaml.size() < 200'000);
  const std::string resolved = config::to_yaml(fields.resolved());
  Reading again(resolved);
  config::Fields second(again.value, "profile", again.diagnostics);
  static_cast<void>(calib::read_profile(second));
  CHECK(again.diagnostics.render() == "");
  CHECK(config::to_yaml(second.resolved()) == resolved);
}

TEST_CASE("efficiencies are what the laws reach of the ceilings") {
  const calib::Profile& p = host().profile;
  CHECK(p.gemm_efficiency == doctest::Approx(0.8).epsilon(0.05));
  CHECK(p.gemm_bandwidth == doctest::Approx(0.9).epsilon(0.05));
  CHECK(p.attention_efficiency == doctest::Approx(0.4).epsilon(0.05));
  CHECK(p.elementwise_bandwidth == doctest::Approx(0.85).epsilon(0.05));
  CHECK(p.ridge_exponent == doctest::Approx(3).epsilon(0.1));
  CHECK(p.launch.value() == doctest::Approx(2500).epsilon(0.05));
  CHECK(p.runtime_memory == Bytes(0));
}

TEST_CASE("what was not measured is as the datasheet profile has it") {
  const calib::Calibration some = calib::calibrate("some", samples_of({"memory"}), host_fingerprint());
  Diagnostics diagnostics;
  const config::Value value = config::load_yaml(TIERSIM_SOURCE_DIR "/calib/profiles/datasheet.yaml", diagnostics);
  config::Fields fields(value, "profile", diagnostics);
  const calib::Profile datasheet = calib::read_profile(fields);
  CHECK(some.profile.gemm_efficiency == datasheet.gemm_efficiency);
  CHECK(some.profile.attention_efficiency == datasheet.attention_efficiency);
  CHECK(some.profile.gemm_bandwidth == datasheet.gemm_bandwidth);
  CHECK(some.profile.attention_bandwidth == datasheet.attention_bandwidth);
  CHECK(some.profile.elementwise_bandwidth == datasheet.elementwise_bandwidth);
  CHECK(some.profile.ridge_exponent == datasheet.ridge_exponent);
  CHECK(some.profile.launch == datasheet.launch);
  CHECK(some.machine_yaml.empty());
}

TEST_CASE("throttled and wrong samples move nothing") {
  std::vector<calib::Sample> samples = samples_of({"ceiling", "memory", "elementwise"});
  const calib::Calibration clean = calib::calibrate("testhost", samples, host_fingerprint());
  const std::size_t count = samples.size();
  for (std::size_t i = 0; i < count; i += 3) {
    calib::Sample bad = samples[i];
    bad.seconds *= 50, (i % 2 == 0 ? bad.throttled = true : (bad.check = 0.5, true));
    samples.push_back(bad);
  }
  const calib::Calibration calibration = calib::calibrate("testhost", samples, host_fingerprint());
  CHECK(calibration.profile.elementwise_bandwidth == clean.profile.elementwise_bandwidth);
  CHECK(calibration.machine_yaml == clean.machine_yaml);
}

TEST_CASE("the machine's file reads as a machine with the measured figures") {
  Reading file(host().machine_yaml);
  config::Fields fields(file.value, "machine", file.diagnostics);
  const hw::MachineSpec machine =
      hw::read_machine(fields, [](const std::string&, const SourceMark&) { return nullptr; });
  CHECK(file.diagnostics.render() == "");
  CHECK(machine.name == "testhost");
  CHECK(machine.gpu.name == "Processor: model 5, 2.6 GHz");
  CHECK(machine.gpu.dense_bf16.value() == doctest::Approx(100e9));
  CHECK(machine.gpu.memory_bandwidth.value() == doctest::Approx(20e9));
  CHECK(machine.gpu.memory == Bytes(8'589'934'592));
  CHECK(machine.gpu.l2 == Bytes(33'554'432));
  CHECK(machine.gpu.sms == 2);
  CHECK(machine.gpu_link.bandwidth.value() == doctest::Approx(9.5e9).epsilon(0.03));
  REQUIRE(machine.storage.size() == 1);
  const hw::LinkSpec& ssd = machine.storage[0].link;
  CHECK(machine.storage[0].name == "ssd");
  CHECK(machine.storage[0].capacity == Bytes(40'000'000'000));
  CHECK(ssd.bandwidth.value() == doctest::Approx(3e9).epsilon(0.03));
  CHECK(ssd.bandwidth_down.value() == doctest::Approx(1.5e9).epsilon(0.03));
  CHECK(ssd.latency.value() == doctest::Approx(90'000).epsilon(0.03));
  CHECK(ssd.single_stream.value() == doctest::Approx(1e9).epsilon(0.03));
  CHECK(ssd.read_iops == doctest::Approx(200e3).epsilon(0.03));
  CHECK(ssd.write_iops == doctest::Approx(200e3).epsilon(0.03));
  CHECK(ssd.ridge == doctest::Approx(6).epsilon(0.2));
  // One I/O of 256 KiB alone takes 352 us, the drive 87 us each: 8 in flight reach 99%, 4 about 85%.
  CHECK(ssd.queue_depth == 8);
}

TEST_CASE("a GPU's machine has its link both ways, its fragments, and memory below") {
  const calib::Calibration gpu = calib::calibrate("gpu", gpu_samples(), gpu_fingerprint());
  CHECK(gpu.profile.launch.value() == doctest::Approx(1200).epsilon(0.03));
  Reading file(gpu.machine_yaml);
  config::Fields fields(file.value, "machine", file.diagnostics);
  const hw::MachineSpec machine =
      hw::read_machine(fields, [](const std::string&, const SourceMark&) { return nullptr; });
  CHECK(file.diagnostics.render() == "");
  CHECK(machine.gpu.sms == 132);
  CHECK(machine.gpu.l2 == Bytes(52'428'800));
  CHECK(machine.gpu_link.bandwidth.value() == doctest::Approx(55e9).epsilon(0.03));
  CHECK(machine.gpu_link.bandwidth_down.value() == doctest::Approx(50e9).epsilon(0.03));
  CHECK(machine.gpu_link.duplex_cap.value() == doctest::Approx(85e9).epsilon(0.03));
  CHECK(machine.gpu_link.latency.value() == doctest::Approx(6000).epsilon(0.03));
  CHECK(machine.gpu_link.per_operation.value() == doctest::Approx(400).epsilon(0.03));
  REQUIRE(machine.storage.size() == 1);
  CHECK(machine.storage[0].name == "dram");
}

TEST_CASE("overlaps are the median of the time beside over the time alone") {
  std::vector<calib::Sample> samples = samples_of({"memory"});
  for (double slowed : {1.2, 1.3, 1.8}) {
    calib::Sample s;
    s.point = {"overlap", "gemm", "h2d", {{"alone", 2e-3}, {"run", slowed}}};
    s.seconds = 2e-3 * slowed;
    samples.push_back(s);
  }
  const calib::Profile profile = calib::calibrate("x", samples, host_fingerprint()).profile;
  REQUIRE(profile.overlaps.size() == 1);
  CHECK(profile.overlaps[0].kernel == "gemm");
  CHECK(profile.overlaps[0].beside == "h2d");
  CHECK(profile.overlaps[0].slow_down == doctest::Approx(1.3));
}

TEST_CASE("without samples or with a poor fingerprint there is a message, no profile") {
  CHECK_THROWS_WITH_AS(static_cast<void>(calib::calibrate("x", {}, host_fingerprint())),
                       doctest::Contains("nothing to fit"), std::runtime_error);
  CHECK_THROWS_WITH_AS(static_cast<void>(calib::calibrate("x", samples_of({"memory"}), {{"kind", "toaster"}})),
                       doctest::Contains("'toaster'"), std::runtime_error);
  CHECK_THROWS_WITH_AS(static_cast<void>(calib::calibrate("x", samples_of({"ceiling", "memory"}), {{"kind", "host"}})),
                       doctest::Contains("memory_bytes"), std::runtime_error);
}
