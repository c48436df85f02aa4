// Writes into a drive's cache and past it, and reads beside them, against times worked out by hand.
#include <doctest/doctest.h>

#include "tests/support/flows.hpp"

using namespace tiersim;
using namespace tiersim::test;
using namespace tiersim::literals;

namespace {

const std::vector<LinkId> kRead{LinkId(0)}, kWrite{LinkId(1)}, kSlowWrite{LinkId(2), LinkId(1)};

/// Reads at 8 GB/s, takes 4 GB/s into its cache and 1 GB/s into its flash.
hw::MediaSpec media(Bytes cache) {
  hw::MediaSpec out;
  out.array = 8_GBps;
  out.program = 1_GBps;
  out.cache = cache;
  return out;
}

/// Link 0 reads the drive, link 1 writes it, link 2 is a network of `network` on the way to it.
hw::Topology drive(const hw::MediaSpec& media, BytesPerSecond network = 1_GBps) {
  hw::DirectedLink read{.name = "read", .bandwidth = 8_GBps};
  hw::DirectedLink write{.name = "write", .bandwidth = 4_GBps};
  read.media = write.media = 0;
  write.writes = true;
  return hw::Topology({read, write, {.name = "network", .bandwidth = network}}, {}, {media});
}

/// Runs to `end`, or until nothing is live; when each flow ended, by tag.
struct Bench {
  explicit Bench(const hw::Topology& topology) : engine(topology) {}
  void start(std::span<const LinkId> route, Bytes bytes, Time now) {
    FlowRequest request{.route = route, .bytes = bytes};
    request.tag = ends.size();
    ends.push_back(-1);
    engine.start(request, now);
  }
  void run(Time end = Time::never()) {
    while (engine.live() > 0 && engine.next_event() <= end) {
      const Time now = engine.next_event();
      std::vector<EndedFlow> ended;
      engine.advance(now, ended);
      ++events;
      for (const EndedFlow& flow : ended) ends[flow.tag] = now.value();
    }
    if (end < Time::never()) {
      std::vector<EndedFlow> none;
      engine.advance(end, none);
    }
  }
  TransferEngine engine;
  std::vector<std::int64_t> ends;
  int events = 0;
};

}  // namespace

TEST_CASE("does a long write go at the cache's rate until that is full and then at the flash's?") {
  // 3 bytes a nanosecond stay in the cache: full after 100 ms, when 400 MB have gone; the rest at 1 GB/s.
  const hw::Topology topology = drive(media(300_MB));
  Bench bench(topology);
  bench.start(kWrite, 1_GB, Time(0));
  bench.run();
  CHECK(bench.ends[0] == 700'000'000);
  CHECK(bench.engine.cached(0) == 300e6);
  CHECK(bench.events == 3);  // it moves, the cache is full, it ends
}

TEST_CASE("does the cache drain between writes?") {
  const hw::Topology topology = drive(media(300_MB));
  Bench bench(topology);
  bench.start(kWrite, 1_GB, Time(0));
  bench.run();
  bench.run(Time(850'000'000));  // half of it has gone
  bench.start(kWrite, 200_MB, Time(850'000'000));
  bench.run();
  CHECK(bench.ends[1] == 900'000'000);
  bench.start(kWrite, 4_MB, Time(5'000'000'000));  // all of it has
  bench.run();
  CHECK(bench.ends[2] == 5'001'000'000);
  CHECK(bench.engine.cached(0) == 3e6);
}

TEST_CASE("does a short write go into an empty cache without waiting for the flash?") {
  const hw::Topology topology = drive(media(300_MB));
  Bench bench(topology);
  bench.start(kWrite, 100_MB, Time(0));
  bench.run();
  CHECK(bench.ends[0] == 25'000'000);
}

TEST_CASE("do writes slower than the flash leave the cache empty?") {
  const hw::Topology topology = drive(media(300_MB), BytesPerSecond(0.5e9));
  Bench bench(topology);
  bench.start(kSlowWrite, 1_GB, Time(0));
  bench.run();
  CHECK(bench.ends[0] == 2'000'000'000);
  CHECK(bench.engine.cached(0) == 0);
}

TEST_CASE("does amplification divide what the flash takes?") {
  hw::MediaSpec spec = media(0_B);
  spec.write_amplification = 2.5;
  const hw::Topology topology = drive(spec);
  Bench bench(topology);
  bench.start(kWrite, 1_GB, Time(0));
  bench.run();
  CHECK(bench.ends[0] == 2'500'000'000);
  CHECK(bench.engine.use()[1].bytes == 1_GB);
  CHECK(bench.engine.use()[1].device == 2'500_MB);
}

TEST_CASE("do reads get the share of the flash that writes leave, 1 - u_w?") {
  // Writes of 0.25 GB/s, each byte 2 in the flash that takes 1: half of it.
  hw::MediaSpec spec = media(0_B);
  spec.write_amplification = 2;
  const hw::Topology topology = drive(spec, BytesPerSecond(0.25e9));
  Bench bench(topology);
  bench.start(kSlowWrite, 1_GB, Time(0));
  bench.start(kRead, 4_GB, Time(0));
  bench.run();
  CHECK(bench.ends[1] == 1'000'000'000);
  CHECK(bench.ends[0] == 4'000'000'000);
}

TEST_CASE("are random reads slowed in their I/Os per second as in their bytes?") {
  hw::MediaSpec spec = media(0_B);
  spec.write_amplification = 2;
  hw::Topology plain = drive(spec, BytesPerSecond(0.25e9));
  std::vector<hw::DirectedLink> links(plain.links().begin(), plain.links().end());
  links[0].iops = 1e6;
  const hw::Topology topology(links, {}, {spec});
  FlowRequest write{.route = kSlowWrite, .bytes = 10_GB};
  const FlowRequest reads = fragments(kRead, 4000, 1'000'000);
  CHECK(ends_of(topology, {reads})[0] == doctest::Approx(1.0));
  CHECK(ends_of(topology, {reads, write})[0] == doctest::Approx(2.0));
}

TEST_CASE("do reads beside a cache that drains get the whole flash back when it is empty?") {
  // 60 MB are left when the write ends after 20 ms; then read and drain have 8 / 9 of a byte a nanosecond each.
  const hw::Topology topology = drive(media(300_MB));
  Bench bench(topology);
  bench.start(kWrite, 80_MB, Time(0));
  bench.run();
  REQUIRE(bench.ends[0] == 20'000'000);
  bench.start(kRead, 140_MB, Time(20'000'000));
  bench.run();
  CHECK(bench.ends[1] == 20'000'000 + 67'500'000 + 10'000'000);
}
