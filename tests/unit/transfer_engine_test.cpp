// Hand-computed times of flows, to the nanosecond.
#include "sim/transfer/transfer_engine.hpp"

#include <doctest/doctest.h>

using namespace tiersim;
using namespace tiersim::literals;

namespace {

hw::DirectedLink link(BytesPerSecond bandwidth, Duration latency = 0_ns, hw::Sharing sharing = hw::Sharing::fair) {
  return {.name = "link", .bandwidth = bandwidth, .latency = latency, .sharing = sharing};
}

/// An engine over unconnected links, with the routes over them that a test names.
struct Bench {
  explicit Bench(std::vector<hw::DirectedLink> links, std::vector<BytesPerSecond> caps = {})
      : topology(std::move(links), std::move(caps)), engine(topology) {}

  FlowId start(std::span<const LinkId> route, Bytes bytes, Time now, FlowId after = FlowId::none()) {
    FlowRequest request{.route = route, .bytes = bytes};
    request.after = after;
    request.tag = tags++;
    return engine.start(request, now);
  }
  /// Runs to `end`, or until nothing is live.
  void run(Time end = Time::never()) {
    while (engine.next_event() < end) engine.advance(engine.next_event(), ended);
    if (end < Time::never()) engine.advance(end, ended);
  }

  hw::Topology topology;
  TransferEngine engine;
  std::vector<EndedFlow> ended;
  std::uint64_t tags = 0;
};

/// Ends by tag, advancing to the last.
std::vector<std::int64_t> ends(Bench& bench) {
  std::vector<std::int64_t> out(bench.tags, -1);
  while (bench.engine.live() > 0) {
    const Time now = bench.engine.next_event();
    const std::size_t before = bench.ended.size();
    bench.engine.advance(now, bench.ended);
    for (std::size_t i = before; i < bench.ended.size(); ++i) out[bench.ended[i].tag] = now.value();
  }
  CHECK(bench.engine.next_event() == Time::never());
  CHECK(bench.engine.bytes_started() == bench.engine.bytes_ended());
  return out;
}

using Times = std::vector<std::int64_t>;
const std::vector<LinkId> kFirst{LinkId(0)}, kSecond{LinkId(1)}, kBoth{LinkId(0), LinkId(1)};

}  // namespace

TEST_CASE("two loads over one fair link each take twice as long while both run") {
  Bench bench({link(10_GBps, 5_us)});
  bench.start(kFirst, 10_MB, Time(0));
  bench.start(kFirst, 10_MB, Time(0));
  CHECK(ends(bench) == Times{2'005'000, 2'005'000});
}

TEST_CASE("two loads over one fifo link run one after the other, set-up included") {
  Bench bench({link(10_GBps, 5_us, hw::Sharing::fifo)});
  bench.start(kFirst, 10_MB, Time(0));
  bench.start(kFirst, 10_MB, Time(0));
  CHECK(ends(bench) == Times{1'005'000, 2'010'000});
}

TEST_CASE("a flow that starts late slows the first one only from when it moves") {
  Bench bench({link(10_GBps, 5_us)});
  bench.start(kFirst, 10_MB, Time(0));
  bench.run(Time(500'000));
  bench.start(kFirst, 2_MB, Time(500'000));
  // Until 505,000 ns the first has moved 5 MB; then both have 5 GB/s: 2 MB take 400,000 ns; 3 MB are left at 905,000.
  CHECK(ends(bench) == Times{905'000 + 300'000, 905'000});
}

TEST_CASE("three flows on two links get the classic max-min rates") {
  // A over both links, B over the first (10 GB/s), C over the second (4 GB/s): A and C 2 GB/s each, B 8 GB/s.
  Bench bench({link(10_GBps), link(4_GBps)});
  bench.start(kBoth, 20_MB, Time(0));
  bench.start(kFirst, 80_MB, Time(0));
  bench.start(kSecond, 20_MB, Time(0));
  CHECK(ends(bench) == Times{10'000'000, 10'000'000, 10'000'000});
}

TEST_CASE("PCIe Gen4 gives 26 GB/s one way and 18.6 GB/s each way under its duplex cap") {
  hw::DirectedLink h2d = link(26_GBps, 0_ns, hw::Sharing::fifo), d2h = h2d;
  h2d.duplex = d2h.duplex = 0;
  Bench one_way({h2d, d2h}, {BytesPerSecond(37.2e9)});
  one_way.start(kFirst, 26_MB, Time(0));
  CHECK(ends(one_way) == Times{1'000'000});
  Bench both_ways({h2d, d2h}, {BytesPerSecond(37.2e9)});
  both_ways.start(kFirst, Bytes(18'600'000), Time(0));
  both_ways.start(kSecond, Bytes(18'600'000), Time(0));
  CHECK(ends(both_ways) == Times{1'000'000, 1'000'000});
}

TEST_CASE("what one direction leaves under a duplex cap goes to the other, up to its bandwidth") {
  hw::DirectedLink h2d = link(26_GBps, 0_ns, hw::Sharing::fifo), d2h = h2d;
  h2d.duplex = d2h.duplex = 0;
  Bench bench({h2d, d2h, link(7_GBps)}, {30_GBps});
  const std::vector<LinkId> from_drive{LinkId(2), LinkId(0)};
  bench.start(from_drive, 7_MB, Time(0));
  bench.start(kSecond, 23_MB, Time(0));
  CHECK(ends(bench) == Times{1'000'000, 1'000'000});
}

TEST_CASE("a flow waits for the one it names and holds no link meanwhile") {
  Bench bench({link(10_GBps, 0_ns, hw::Sharing::fifo), link(1_GBps, 0_ns, hw::Sharing::fifo)});
  const FlowId slow = bench.start(kSecond, 1_MB, Time(0));  // ends at 1,000,000
  bench.start(kFirst, 10_MB, Time(0), slow);                // 1,000,000 .. 2,000,000
  bench.start(kFirst, 5_MB, Time(0));                       // 0 .. 500,000: not held up
  CHECK(ends(bench) == Times{1'000'000, 2'000'000, 500'000});
}

TEST_CASE("a chain of flows runs link by link") {
  Bench bench({link(10_GBps, 5_us), link(5_GBps, 7_us)});
  const FlowId first = bench.start(kFirst, 10_MB, Time(0));
  const FlowId second = bench.start(kSecond, 10_MB, Time(0), first);
  bench.start(kFirst, 10_MB, Time(0), second);
  CHECK(ends(bench) == Times{1'005'000, 3'012'000, 4'017'000});
}

TEST_CASE("a flow over two fifo links starts when it is first on both") {
  const auto fifo = hw::Sharing::fifo;
  Bench bench({link(10_GBps, 0_ns, fifo), link(10_GBps, 0_ns, fifo)});
  bench.start(kFirst, 1_MB, Time(0));   // 0 .. 100,000 on the first
  bench.start(kSecond, 3_MB, Time(0));  // 0 .. 300,000 on the second
  bench.start(kBoth, 1_MB, Time(0));    // 300,000 .. 400,000
  bench.start(kFirst, 1_MB, Time(0));   // in order: behind it
  CHECK(ends(bench) == Times{100'000, 300'000, 400'000, 500'000});
}

TEST_CASE("small fragments reach only their share of the bandwidth, alone or not") {
  hw::DirectedLink half = link(10_GBps);
  half.half_size = 1_MB;
  Bench bench({half});
  FlowRequest request{.route = kFirst, .bytes = 10_MB, .operations = Operations(10)};
  bench.engine.start(request, Time(0));  // fragments of 1 MB: half the bandwidth, 5 GB/s
  bench.tags = 1;
  CHECK(ends(bench) == Times{2'000'000});
}

TEST_CASE("per-operation cost is paid for every fragment before the bytes move, latency once") {
  hw::DirectedLink costly = link(10_GBps, 5_us);
  costly.per_operation = 2_us;
  Bench bench({costly, link(20_GBps, 3_us)});
  FlowRequest request{.route = kBoth, .bytes = 10_MB, .operations = Operations(100)};
  bench.engine.start(request, Time(0));
  bench.tags = 1;
  CHECK(ends(bench) == Times{8'000 + 200'000 + 1'000'000});
  CHECK(bench.ended[0].moving == Time(208'000));
  CHECK(bench.ended[0].started == Time(0));
}

TEST_CASE("a flow without bytes takes its set-up time and disturbs nobody") {
  Bench bench({link(10_GBps, 5_us)});
  bench.start(kFirst, 10_MB, Time(0));
  bench.start(kFirst, 0_B, Time(0));
  CHECK(ends(bench) == Times{1'005'000, 5'000});
  CHECK(bench.ended[0].moving == Time(5'000));
}

TEST_CASE("flows that end together are reported in the order of their start") {
  Bench bench({link(10_GBps)});
  for (int i = 0; i < 5; ++i) bench.start(kFirst, 10_MB, Time(0));
  bench.run();
  REQUIRE(bench.ended.size() == 5);
  for (std::uint64_t i = 0; i < 5; ++i) CHECK(bench.ended[i].tag == i);
}

TEST_CASE("free transfers end at the instant of their start, chains included") {
  Bench bench({link(1_GBps, 5_us, hw::Sharing::fifo)});
  bench.engine.set_free(true);
  const FlowId first = bench.start(kFirst, 10_MB, Time(70));
  bench.start(kFirst, 10_MB, Time(70), first);
  CHECK(bench.engine.estimate({.route = kFirst, .bytes = 10_MB}, Time(70)) == 0_ns);
  CHECK(ends(bench) == Times{70, 70});
  CHECK(bench.engine.use()[0].bytes == 20_MB);
  CHECK(bench.engine.use()[0].busy == 0_ns);
}

TEST_CASE("a link's use counts bytes of ended flows and time with any flow on it") {
  Bench bench({link(10_GBps, 5_us), link(10_GBps)});
  bench.start(kFirst, 10_MB, Time(1'000));
  bench.start(kFirst, 10_MB, Time(1'000));
  bench.run(Time(500'000));
  CHECK(bench.engine.use()[0].busy == 499_us);
  CHECK(bench.engine.use()[0].bytes == 0_B);
  bench.run();
  CHECK(bench.engine.use()[0].busy == 2'005_us);
  CHECK(bench.engine.use()[0].bytes == 20_MB);
  CHECK(bench.engine.use()[0].flows == 2);
  CHECK(bench.engine.use()[1].flows == 0);
}

TEST_CASE("recorded progress holds the points where the rate changed") {
  Bench bench({link(10_GBps, 5_us)});
  FlowRequest request{.route = kFirst, .bytes = 10_MB};
  request.record_progress = true;
  bench.engine.start(request, Time(0));
  request.bytes = 2_MB;
  request.record_progress = false;
  bench.engine.start(request, Time(0));
  bench.run();
  const std::vector<ProgressPoint>& points = bench.ended[1].progress;
  REQUIRE(points.size() == 3);  // moves; the other ends; ends
  CHECK(points[0].time == Time(5'000));
  CHECK(points[0].bytes == 0);
  CHECK(points[1].time == Time(405'000));
  CHECK(points[1].bytes == 2e6);
  CHECK(points[2].time == Time(1'205'000));
  CHECK(points[2].bytes == 10e6);
  CHECK(bench.ended[0].progress.empty());
}

TEST_CASE("an estimate on idle links is the time that the transfer then takes") {
  Bench bench({link(10_GBps, 5_us, hw::Sharing::fifo), link(4_GBps, 1_us)});
  CHECK(bench.engine.estimate({.route = kBoth, .bytes = 4_MB}, Time(0)) == 1'006_us);
  CHECK(bench.engine.estimate({.route = kBoth, .bytes = 0_B}, Time(0)) == 6_us);
}

TEST_CASE("an estimate counts the queue ahead on fifo links and the share that fair ones leave") {
  Bench fifo({link(10_GBps, 5_us, hw::Sharing::fifo)});
  fifo.start(kFirst, 10_MB, Time(0));
  fifo.start(kFirst, 10_MB, Time(0));
  fifo.run(Time(105'000));
  CHECK(fifo.engine.estimate({.route = kFirst, .bytes = 10_MB}, Time(105'000)) == (900_us + 2 * 1'005_us));
  Bench fair({link(10_GBps, 5_us)});
  fair.start(kFirst, 100_MB, Time(0));
  CHECK(fair.engine.estimate({.route = kFirst, .bytes = 10_MB}, Time(0)) == 2'005_us);
  fair.run(Time(5'000));
  CHECK(fair.engine.estimate({.route = kFirst, .bytes = 10_MB}, Time(5'000)) == 2'005_us);
}

TEST_CASE("an absurdly slow link ends at the horizon instead of overflowing the clock") {
  Bench bench({link(BytesPerSecond(1e-6))});
  bench.start(kFirst, 10_GB, Time(1'000));
  CHECK(bench.engine.next_event() == Time(1'000));
  bench.engine.advance(Time(1'000), bench.ended);
  CHECK(bench.engine.next_event() > Time(3'000'000'000'000'000'000));
  CHECK(bench.engine.next_event() < Time::never());
}
