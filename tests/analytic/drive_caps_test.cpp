// A drive against its closed form: min(QD x / L0(x), IOPS x, bandwidth, link), L0 = latency + x / single stream.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "sim/transfer/link_limits.hpp"
#include "tests/support/flows.hpp"

using namespace tiersim;
using namespace tiersim::literals;

namespace {

/// Samsung 980 PRO, 2 TB.
hw::DirectedLink drive(std::int64_t depth = 32) {
  hw::DirectedLink link;
  link.bandwidth = 7_GBps;
  link.latency = 62_us;
  link.queue_depth = depth;
  link.iops = 1e6;
  return link;
}

const std::vector<LinkId> kDrive{LinkId(0)}, kThroughLink{LinkId(0), LinkId(1)};

struct Load {
  std::int64_t fragment = 4096, operations = 1;
};

/// Seconds until each of these has ended, all started at once.
std::vector<double> ends(const std::vector<hw::DirectedLink>& links, const std::vector<LinkId>& route,
                         const std::vector<Load>& loads) {
  std::vector<FlowRequest> flows;
  for (const Load& load : loads) flows.push_back(test::fragments(route, load.fragment, load.operations));
  return test::ends_of(hw::Topology(links, {}), flows);
}

/// I/Os per second of a long run of one flow.
double iops(const hw::DirectedLink& link, std::int64_t fragment) {
  const std::int64_t operations = 10'000'000;
  return static_cast<double>(operations) / ends({link}, kDrive, {{fragment, operations}})[0];
}

}  // namespace

TEST_CASE("one flow takes the closed form's time at every queue depth and block size") {
  for (std::int64_t depth = 1; depth <= 256; depth *= 2) {
    for (std::int64_t block = 4096; block <= (2 << 20); block *= 2) {
      hw::DirectedLink link = drive(depth);
      link.single_stream = BytesPerSecond(1.3e9);
      const std::int64_t operations = 1'000'000;
      const auto n = static_cast<double>(operations), x = static_cast<double>(block);
      const double alone = 62e-6 + x / 1.3e9;
      const double expected = std::max({n / static_cast<double>(depth) * alone, 62e-6 + n / 1e6, 62e-6 + n * x / 7e9});
      CAPTURE(depth);
      CAPTURE(block);
      CHECK(std::abs(ends({link}, kDrive, {{block, operations}})[0] / expected - 1) < 1e-9);
    }
  }
}

TEST_CASE("a 980 PRO reaches half a million 4 KiB reads per second at depth 32 and its million from depth 62 on") {
  CHECK(iops(drive(32), 4096) == doctest::Approx(32 / 62e-6).epsilon(1e-4));
  CHECK(iops(drive(32), 4096) == doctest::Approx(0.516e6).epsilon(1e-3));
  CHECK(iops(drive(61), 4096) < 0.99e6);
  CHECK(iops(drive(62), 4096) == doctest::Approx(1e6).epsilon(1e-4));
  CHECK(iops(drive(256), 4096) == doctest::Approx(1e6).epsilon(1e-4));
}

TEST_CASE("one I/O alone takes its latency and its bytes at the rate of a single stream, however deep the queue") {
  hw::DirectedLink link = drive(64);
  link.single_stream = 2_GBps;
  link.bandwidth = 1000_GBps;
  link.iops = 0;
  CHECK(ends({link}, kDrive, {{2'000'000, 1}})[0] == doctest::Approx(62e-6 + 1e-3).epsilon(1e-9));
  // As many as the queue holds take as long as one; twice as many take twice as long.
  CHECK(ends({link}, kDrive, {{4000, 32}})[0] == doctest::Approx(64e-6).epsilon(1e-9));
  CHECK(ends({link}, kDrive, {{4000, 128}})[0] == doctest::Approx(2 * 64e-6).epsilon(1e-9));
}

TEST_CASE("two flows of small blocks together reach the drive's I/Os per second and no more") {
  const Load small{4096, 1'000'000};
  const std::vector<double> both = ends({drive(256)}, kDrive, {small, small});
  CHECK(both[0] == doctest::Approx(62e-6 + 2.0).epsilon(1e-9));
  CHECK(both[1] == both[0]);
  // With queues too short to fill it, neither slows the other.
  CHECK(ends({drive(16)}, kDrive, {small, small})[1] == doctest::Approx(1e6 / 16 * 62e-6).epsilon(1e-9));
}

TEST_CASE("small blocks leave to large ones what their I/Os leave of the drive's time") {
  // 4096 B at 1 M/s use the whole drive: a byte of them costs 7 / 4.096 of a byte of the large flow.
  const double weight = 7 / 4.096, rate = 7e9 / (1 + weight);
  const std::vector<double> both = ends({drive(4096)}, kDrive, {{4096, 1'000'000}, {2 << 20, 10'000}});
  CHECK(both[0] == doctest::Approx(62e-6 + 4.096e9 / rate).epsilon(1e-9));
}

TEST_CASE("a narrower link above the drive binds") {
  hw::DirectedLink pcie;
  pcie.bandwidth = 3_GBps;
  pcie.sharing = hw::Sharing::fifo;
  CHECK(ends({drive(), pcie}, kThroughLink, {{2 << 20, 1000}})[0] ==
        doctest::Approx(62e-6 + 1000 * 2097152 / 3e9).epsilon(1e-9));
  CHECK(ends({drive(), pcie}, kThroughLink, {{4096, 1'000'000}})[0] == doctest::Approx(1e6 / 32 * 62e-6).epsilon(1e-9));
}

TEST_CASE("with a ridge of 4, caps of message rate and line rate give Mooncake's published sweep of block sizes") {
  // Its transfer engine over 16 EFA links of 200 Gbit/s: GB/s by block size; 93,000 messages a second and link, 0.91 of
  // the line.
  struct Row {
    double kib, published;
  };
  hw::DirectedLink link;
  link.bandwidth = BytesPerSecond(0.91 * 400e9);
  link.iops = 16 * 93e3;
  link.ridge = 4;
  for (const Row& row : {Row{64, 97}, Row{128, 191}, Row{256, 325}, Row{512, 358}, Row{1024, 353}, Row{2048, 367}}) {
    CAPTURE(row.kib);
    const double ceiling = limits_of(link, row.kib * 1024 * 1e6, 1e6).ceiling;
    CHECK(std::abs(ceiling / row.published - 1) < 0.035);
  }
}
