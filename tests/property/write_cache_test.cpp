// Random reads and writes over drives with write caches: nothing is lost, no cache overflows, no bound is exceeded.
#include <doctest/doctest.h>

#include <functional>

#include "sim/core/rng.hpp"
#include "sim/transfer/transfer_engine.hpp"

using namespace tiersim;

namespace {

constexpr std::size_t kDrives = 2;

/// Links 2 k and 2 k + 1 read and write drive k; the last one joins both.
hw::Topology random_drives(Rng& rng) {
  std::vector<hw::DirectedLink> links;
  std::vector<hw::MediaSpec> media;
  const auto rate = [&](std::uint64_t most) { return BytesPerSecond(1e9 * static_cast<double>(1 + rng.below(most))); };
  for (std::uint32_t k = 0; k < kDrives; ++k) {
    hw::MediaSpec m;
    m.page = Bytes(static_cast<std::int64_t>(rng.below(2) * 16'384));
    m.array = rate(12);
    m.bus = rng.below(2) == 0 ? BytesPerSecond(0) : rate(8);
    m.program = rate(2);
    m.write_amplification = 1 + 0.5 * static_cast<double>(rng.below(4));
    m.cache = Bytes(static_cast<std::int64_t>(1 + rng.below(20)) * 1'000'000);
    media.push_back(m);
    hw::DirectedLink read{.bandwidth = rate(8)}, write{.bandwidth = rate(6)};
    read.media = write.media = k;
    write.writes = true;
    read.iops = 1e5 * static_cast<double>(1 + rng.below(10));
    links.push_back(read);
    links.push_back(write);
  }
  links.push_back({.bandwidth = rate(10)});
  return hw::Topology(links, {}, media);
}

const std::vector<std::vector<LinkId>> kRoutes{{LinkId(0)},
                                               {LinkId(1)},
                                               {LinkId(2)},
                                               {LinkId(3)},
                                               {LinkId(0), LinkId(3)},
                                               {LinkId(4), LinkId(1)},
                                               {LinkId(2), LinkId(4)},
                                               {LinkId(2), LinkId(1)}};

/// Starts 80 flows at random times and runs them out, with a look at every event; when the last ended.
Time run(const hw::Topology& topology, Rng& rng, const std::function<void(const TransferEngine&, Time)>& look) {
  TransferEngine engine(topology);
  std::vector<EndedFlow> ended;
  Time now;
  const auto drain_to = [&](Time limit) {
    while (engine.live() > 0 && engine.next_event() <= limit) {
      engine.advance(now = engine.next_event(), ended);
      look(engine, now);
    }
  };
  Time next;
  for (int i = 0; i < 80; ++i) {
    next += Duration(static_cast<std::int64_t>(rng.below(4'000'000)));
    drain_to(next);
    FlowRequest request{.route = kRoutes[rng.below(kRoutes.size())],
                        .bytes = Bytes(static_cast<std::int64_t>(rng.below(20'000'000)))};
    request.operations = Operations(1 + static_cast<std::int64_t>(rng.below(500)));
    engine.start(request, now = next);
  }
  drain_to(Time::never());
  CHECK(ended.size() == 80);
  CHECK(engine.live() == 0);
  CHECK(engine.next_event() == Time::never());
  CHECK(engine.bytes_started() == engine.bytes_ended());
  return now;
}

}  // namespace

TEST_CASE("do caches stay between empty and full, and do all bytes arrive, whatever is read and written?") {
  Rng rng(7);
  for (int round = 0; round < 60; ++round) {
    const hw::Topology topology = random_drives(rng);
    int outside = 0;
    run(topology, rng, [&](const TransferEngine& engine, Time) {
      for (std::size_t k = 0; k < kDrives; ++k) {
        const auto most = static_cast<double>(topology.media()[k].cache.value());
        if (engine.cached(k) < 0 || engine.cached(k) > most) ++outside;
      }
    });
    CHECK(outside == 0);
  }
}

TEST_CASE("is what reached the flash and the cache what was written, and no more than the flash takes?") {
  Rng rng(8);
  for (int round = 0; round < 60; ++round) {
    const hw::Topology topology = random_drives(rng);
    std::vector<double> device(kDrives);
    const Time end = run(topology, rng, [&](const TransferEngine& engine, Time) {
      for (std::size_t k = 0; k < kDrives; ++k) {
        CHECK(engine.use()[2 * k].device >= engine.use()[2 * k].bytes);
        CHECK(engine.use()[2 * k + 1].device >= engine.use()[2 * k + 1].bytes);
        device[k] = static_cast<double>(engine.use()[2 * k + 1].device.value());
      }
    });
    for (std::size_t k = 0; k < kDrives; ++k) {
      const hw::MediaSpec& m = topology.media()[k];
      const double taken = m.program.value() * static_cast<double>(end.value()) * 1e-9;
      CHECK(device[k] <= taken + static_cast<double>(m.cache.value()) * m.write_amplification + 1000);
    }
  }
}

TEST_CASE("do two runs of the same flows end at the same nanosecond?") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng first(seed), second(seed);
    const hw::Topology one = random_drives(first), other = random_drives(second);
    const auto nothing = [](const TransferEngine&, Time) {};
    CHECK(run(one, first, nothing) == run(other, second, nothing));
  }
}
