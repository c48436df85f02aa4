// What the program that measures a GPU reads and writes: options, the machine's file, failures, tables.
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <filesystem>
#include <limits>

#include "calib/cuda/error_norm.hpp"
#include "calib/cuda/machine.hpp"
#include "calib/cuda/management.hpp"
#include "calib/cuda/options.hpp"
#include "calib/cuda/summary.hpp"

using namespace tiersim::calib;

namespace {

template <class... Words>
CudaOptions parsed(Words... words) {
  const std::array<const char*, sizeof...(words)> arguments{words...};
  return parse_options(arguments);
}

}  // namespace

TEST_CASE("does the program understand its options, with a space or an equals sign?") {
  const CudaOptions options =
      parsed("--device", "1", "--budget=5min", "--family", "gemm,memory", "--seed=9", "--out", "x", "--fresh", "8");
  CHECK(options.device == 1);
  CHECK(options.budget == 300);
  CHECK(options.families == std::vector<std::string>{"gemm", "memory"});
  CHECK(options.seed == 9);
  CHECK(options.out == "x");
  CHECK(options.fresh == 8);
  CHECK(parsed("--dry-run").dry_run);
  CHECK(parsed("--list").list);
}

TEST_CASE("are wrong options refused with what to type instead?") {
  CHECK_THROWS_WITH_AS(parsed("--foo"), doctest::Contains("--help"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(parsed("--budget", "-1"), doctest::Contains("5min"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(parsed("--budget", "nan"), doctest::Contains("5min"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(parsed("--budget", "3 days"), doctest::Contains("5min"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(parsed("--device", "-1"), doctest::Contains("not negative"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(parsed("--seed"), doctest::Contains("--seed"), std::invalid_argument);
}

TEST_CASE("is the machine's file JSON, whatever a name or a reason holds?") {
  DeviceInfo device = nominal_h200();
  device.name = "GPU \"x\"\n\\";
  device.uuid = "secret";
  const FailureNotes failures{{"gemm/gemv m=1", "too\tlittle \"memory\""}};
  const std::string text = machine_json(fingerprint_of(device, {}), {8e14, 4.3e12}, failures);
  const auto json = nlohmann::json::parse(text);
  CHECK(json["fingerprint"]["device"] == device.name);
  CHECK(json["fingerprint"]["kind"] == "cuda");
  CHECK(json["fingerprint"]["pcie"] == "unknown");
  for (const char* wanted : {"processors", "memory_bytes", "cache_bytes", "host_memory_bytes"}) {  // by the fit
    CHECK(std::stod(json["fingerprint"][wanted].get<std::string>()) > 0);
  }
  CHECK(json["ceilings"]["flops_per_second"] == 8e14);
  CHECK(json["failures"][0]["reason"] == failures[0].second);
  CHECK(text.find("secret") == std::string::npos);
  CHECK(nlohmann::json::parse(machine_json({}, {}, {}))["failures"].empty());
}

TEST_CASE("are failures read back as they were written?") {
  const std::string path = (std::filesystem::temp_directory_path() / "tiersim_cuda_failures.txt").string();
  write_file(path, failures_text({{"a/b m=1", "one\nline"}, {"c", "two"}}));
  CHECK(read_failures(path) == FailureNotes{{"a/b m=1", "one line"}, {"c", "two"}});
  std::filesystem::remove(path);
  CHECK(read_failures(path).empty());
  CHECK_THROWS_AS(write_file("/nowhere/at/all", ""), std::runtime_error);
}

TEST_CASE("are heat and missing power slow-downs, but the power limit is not?") {
  CHECK(is_slow_down(0x08));
  CHECK(is_slow_down(0x20));
  CHECK(is_slow_down(0x40 | 0x01));
  CHECK(is_slow_down(0x80));
  CHECK_FALSE(is_slow_down(0));
  CHECK_FALSE(is_slow_down(0x01 | 0x02 | 0x04));  // idle, set clocks, power limit
}

TEST_CASE("does a machine without the driver's library say nothing rather than fail?") {
  const auto management = std::make_shared<const Management>("0000:ff:00.0");
  const auto watch = gpu_watch(management);
  watch->begin();
  CHECK_FALSE(watch->end().throttled);
}

TEST_CASE("is an error norm infinite for NaN, infinity and nothing, and exact otherwise?") {
  ErrorNorm error;
  CHECK(error.value() == std::numeric_limits<double>::infinity());
  error.add(3, 3);
  CHECK(error.value() == 0);
  error.add(4.4, 4);
  CHECK(error.value() == doctest::Approx(0.4 / 5));
  error.add(std::numeric_limits<double>::quiet_NaN(), 1);
  CHECK(error.value() == std::numeric_limits<double>::infinity());
}

TEST_CASE("does the table of samples give a series its best and median share?") {
  std::vector<Sample> samples;
  for (const double share : {0.2, 0.9, 0.5}) {
    Sample sample;
    sample.point = {"memory", "copy", "hot", {{"bytes", share}}};
    sample.bytes = 1e9;
    sample.seconds = 1e-3 / share;
    sample.ceiling_share = share;
    samples.push_back(sample);
  }
  samples[0].throttled = true;
  const std::string table = sample_table(samples);
  CHECK(table.find("memory/copy/hot") != std::string::npos);
  CHECK(table.find(" 90%") != std::string::npos);
  CHECK(table.find(" 50%") != std::string::npos);
  CHECK(table.find("1 throttled") != std::string::npos);
}

TEST_CASE("can the script that measures a GPU be run?") {
  const std::filesystem::path script = std::filesystem::path(TIERSIM_SOURCE_DIR) / "calib/on_gpu.sh";
  const auto permissions = std::filesystem::status(script).permissions();
  CHECK((permissions & std::filesystem::perms::owner_exec) != std::filesystem::perms::none);
}
