// What is read from the system: lists of processors, NUMA nodes, who used the processors, the fingerprint.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include "calib/host/affinity.hpp"
#include "calib/host/families.hpp"
#include "calib/host/fingerprint.hpp"
#include "calib/host/processor_times.hpp"
#include "calib/host/system.hpp"

using namespace tiersim::calib;

namespace {

/// A folder that looks like /sys/devices/system/node; removed at the end.
class NodeFolder {
 public:
  NodeFolder()
      : path_(std::filesystem::temp_directory_path() / ("tiersim_host_system_test_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~NodeFolder() { std::filesystem::remove_all(path_); }
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << text << '\n';
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

constexpr auto kStat =
    "cpu  900 90 300 5000 10 7 9 30 5 0\n"
    "cpu0 300 30 100 2000 10 5 6 10 5 0\n"
    "cpu1 400 40 100 1000 0 1 2 20 0 0\n"
    "cpu12 200 20 100 2000 0 1 1 0 0 0\n"
    "intr 12345\n";

}  // namespace

TEST_CASE("is a list of processors read as the kernel writes it?") {
  CHECK(parse_processor_list("0-3,8") == std::vector<int>{0, 1, 2, 3, 8});
  CHECK(parse_processor_list("5") == std::vector<int>{5});
  CHECK(parse_processor_list("").empty());
}

TEST_CASE("are a file's lines found by key, and missing files empty?") {
  const NodeFolder folder;
  folder.write("info", "MemTotalOther: 1 kB\nMemTotal:       24684084 kB\nempty:");
  const std::string info = folder.path() + "/info";
  CHECK(value_in(info, "MemTotal") == "24684084 kB");
  CHECK(number_in(value_in(info, "MemTotal")) == 24684084);
  CHECK(value_in(info, "empty").empty());
  CHECK(value_in(info, "nothing").empty());
  CHECK(value_in(folder.path() + "/no_such_file", "MemTotal").empty());
  CHECK(first_line_of(folder.path() + "/no_such_file").empty());
}

TEST_CASE("are NUMA nodes those that have processors of ours?") {
  const int ours = allowed_processors().front();
  const NodeFolder folder;
  folder.write("online", "0-1,4");
  folder.write("node0/cpulist", std::to_string(ours) + ",100000-100003");
  folder.write("node1/cpulist", "");  // memory alone
  folder.write("node4/cpulist", "100004-100007");
  const std::vector<NumaNode> nodes = numa_nodes(folder.path());
  REQUIRE(nodes.size() == 1);
  CHECK(nodes[0].number == 0);
  CHECK(nodes[0].processors == std::vector<int>{ours});
  CHECK(numa_nodes(folder.path() + "/none").empty());
}

TEST_CASE("is the machine's memory and cache told in bytes?") {
  CHECK(total_memory() > 64LL << 20);
  CHECK(available_memory() <= total_memory());
  CHECK(largest_cache() >= 256 << 10);
  CHECK(all_caches() >= largest_cache());
}

TEST_CASE("are busy and stolen time summed over our processors alone?") {
  std::istringstream in(kStat);
  const ProcessorTimes times = read_processor_times(in, {0, 12}, 100);
  CHECK(times.busy == doctest::Approx((300 + 30 + 100 + 200 + 20 + 100) / 100.0));
  CHECK(times.steal == doctest::Approx(0.1));
  std::istringstream nothing("");
  CHECK(read_processor_times(nothing, {0}, 100).busy == 0);
}

TEST_CASE("is a measurement disturbed by stolen time and by others, but not by a tick or by itself?") {
  const ProcessorUse calm{.elapsed = 1, .processors = 2, .all = {.busy = 2, .steal = 0.02}, .ours = 1.9};
  CHECK_FALSE(is_disturbed(calm));
  ProcessorUse stolen = calm;
  stolen.all.steal = 0.05;
  CHECK(is_disturbed(stolen));
  ProcessorUse crowded = calm;
  crowded.ours = 1.5;
  CHECK(is_disturbed(crowded));
  const ProcessorUse short_one{.elapsed = 0.05, .processors = 2, .all = {.busy = 0.12, .steal = 0.01}, .ours = 0.09};
  CHECK_FALSE(is_disturbed(short_one));
}

TEST_CASE("does the watch survive a measurement, wherever it runs?") {
  const auto watch = host_watch();
  watch->begin();
  const MachineState state = watch->end();
  CHECK(state.clock_mhz >= 0);
  CHECK(state.celsius >= 0);
}

TEST_CASE("does the fingerprint name everything that a profile needs, whatever the folder?") {
  for (const std::string folder : {"/tmp", "/no/such/folder", ""}) {
    const auto print = host_fingerprint(folder);
    const auto value = [&](std::string_view key) {
      const auto at = std::find_if(print.begin(), print.end(), [&](const auto& item) { return item.first == key; });
      return at == print.end() ? std::string() : at->second;
    };
    CHECK(value("kind") == "host");
    CHECK(value("memory_bytes") == std::to_string(total_memory()));
    CHECK(value("cache_bytes") == std::to_string(largest_cache()));
    CHECK(value("processors") == std::to_string(allowed_processors().size()));
    CHECK(value("tiersim") == TIERSIM_VERSION);
    CHECK(value("date").size() == 10);
    for (const auto& [key, text] : print) {
      INFO(key);
      CHECK_FALSE(text.empty());
      CHECK(text.find('\n') == text.npos);
    }
  }
  CHECK(number_in(host_fingerprint("/tmp")[5].second) > 0);  // drive_bytes
}
