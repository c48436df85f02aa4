// The transfer engine against a naive reference: plain loops over all flows, real-valued time, rates raised together in
// small equal steps to the next thing that stops somebody.
#include "sim/transfer/transfer_engine.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/core/rng.hpp"

using namespace tiersim;

namespace {

struct Spec {
  std::vector<LinkId> route;
  FlowRequest request;
  double start = 0;
  int after = -1;
};

struct Workload {
  std::vector<hw::DirectedLink> links;
  std::vector<BytesPerSecond> caps;
  std::vector<Spec> flows;
};

/// Five links: two directions of a fifo pair under a duplex cap, two fair ones, one of them with small-transfer losses,
/// and a drive.
std::vector<hw::DirectedLink> random_links(Rng& rng) {
  std::vector<hw::DirectedLink> links(5);
  for (hw::DirectedLink& link : links) {
    link.bandwidth = BytesPerSecond(1e9 * static_cast<double>(1 + rng.below(20)));
    link.latency = Duration(static_cast<std::int64_t>(rng.below(3) * 5'000));
    link.per_operation = Duration(static_cast<std::int64_t>(rng.below(3) * 500));
  }
  links[0].sharing = links[1].sharing = hw::Sharing::fifo;
  links[0].duplex = links[1].duplex = 0;
  links[3].half_size = Bytes(300'000);
  links[4].per_operation = Duration(0);
  links[4].queue_depth = 1 + static_cast<std::int64_t>(rng.below(4));
  links[4].single_stream = BytesPerSecond(1e9 * static_cast<double>(1 + rng.below(4)));
  links[4].iops = 1e3 * static_cast<double>(1 + rng.below(20));
  links[4].ridge = rng.below(2) == 0 ? 0 : 4;
  return links;
}

Workload random_workload(Rng& rng) {
  Workload out{random_links(rng), {BytesPerSecond(1e9 * static_cast<double>(2 + rng.below(20)))}, {}};
  const std::vector<std::vector<LinkId>> routes{{LinkId(0)},
                                                {LinkId(1)},
                                                {LinkId(2)},
                                                {LinkId(2), LinkId(0)},
                                                {LinkId(1), LinkId(3)},
                                                {LinkId(3), LinkId(2)},
                                                {LinkId(0), LinkId(1)},
                                                {LinkId(4)},
                                                {LinkId(4), LinkId(0)}};
  double now = 0;
  for (int i = 0; i < 60; ++i) {
    Spec spec;
    now += static_cast<double>(rng.below(300'000));
    spec.start = now;
    spec.route = routes[rng.below(routes.size())];
    spec.request.bytes = Bytes(rng.below(8) == 0 ? 0 : static_cast<std::int64_t>(rng.below(3'000'000)));
    spec.request.operations = Operations(1 + static_cast<std::int64_t>(rng.below(4)));
    if (i > 0 && rng.below(4) == 0) spec.after = static_cast<int>(rng.below(static_cast<std::uint64_t>(i)));
    out.flows.push_back(spec);
  }
  return out;
}

std::vector<double> run_engine(const Workload& workload) {
  const hw::Topology topology(workload.links, workload.caps);
  TransferEngine engine(topology);
  std::vector<double> ends(workload.flows.size(), -1);
  std::vector<FlowId> ids(workload.flows.size());
  std::vector<EndedFlow> ended;
  const auto drain_to = [&](Time limit) {
    while (engine.next_event() <= limit && engine.next_event() < Time::never()) {
      const Time now = engine.next_event();
      ended.clear();
      engine.advance(now, ended);
      for (const EndedFlow& flow : ended) ends[flow.tag] = static_cast<double>(now.value());
    }
  };
  for (std::size_t i = 0; i < workload.flows.size(); ++i) {
    const Spec& spec = workload.flows[i];
    const Time now(static_cast<std::int64_t>(spec.start));
    drain_to(now);
    FlowRequest request = spec.request;
    request.route = spec.route;
    request.tag = i;
    if (spec.after >= 0 && ends[static_cast<std::size_t>(spec.after)] < 0) {
      request.after = ids[static_cast<std::size_t>(spec.after)];
    }
    ids[i] = engine.start(request, now);
  }
  drain_to(Time::never());
  CHECK(engine.live() == 0);
  CHECK(engine.bytes_started() == engine.bytes_ended());
  return ends;
}

class Reference {
 public:
  explicit Reference(const Workload& workload) : w_(workload), f_(workload.flows.size()), queues_(w_.links.size()) {}

  std::vector<double> run() {
    while (step()) {
    }
    std::vector<double> ends;
    for (const State& s : f_) ends.push_back(s.end);
    return ends;
  }

 private:
  enum Phase { future, waiting, queued, set_up, moving, over };
  struct State {
    Phase phase = future;
    double left = 0, rate = 0, ready = 0, end = -1;
  };
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  double ceiling(std::size_t i) const {
    double least = kInfinity;
    for (LinkId link : w_.flows[i].route) least = std::min(least, bytes(i) / time_on(i, w_.links[link.index()]));
    return least;
  }
  /// At least one: flows without bytes never move, but are asked what they use.
  double bytes(std::size_t i) const { return std::max(1.0, static_cast<double>(w_.flows[i].request.bytes.value())); }
  double operations(std::size_t i) const { return static_cast<double>(w_.flows[i].request.operations.value()); }
  /// Nanoseconds of the flow's bytes on the link alone: queue, I/Os per second and bandwidth.
  double time_on(std::size_t i, const hw::DirectedLink& l) const {
    const double x = bytes(i) / operations(i), wait = static_cast<double>(l.latency.value());
    const double rate = bytes(i) / (l.bandwidth.value() / 1e9) * ((x + static_cast<double>(l.half_size.value())) / x);
    if (l.queue_depth == 0) return rate;
    const double one = wait + x / (l.single_stream.value() / 1e9);
    const double queue = std::max(1.0, operations(i) / static_cast<double>(l.queue_depth)) * one - wait;
    return norm({queue, operations(i) / (l.iops / 1e9), rate}, l.ridge);
  }
  static double norm(const std::vector<double>& times, double p) {
    double longest = 0, sum = 0;
    for (double t : times) longest = std::max(longest, t);
    for (double t : times) sum += std::pow(t, p);
    return p > 0 ? std::pow(sum, 1 / p) : longest;
  }
  bool crosses(std::size_t i, std::size_t link) const {
    const auto& route = w_.flows[i].route;
    return std::find(route.begin(), route.end(), LinkId(link)) != route.end();
  }
  /// What a flow uses of constraint c per byte: fair links, then the one duplex cap, twice over both directions.
  double uses(std::size_t i, std::size_t c) const {
    if (c == w_.links.size()) return (crosses(i, 0) ? 1 : 0) + (crosses(i, 1) ? 1 : 0);
    const hw::DirectedLink& l = w_.links[c];
    if (l.sharing != hw::Sharing::fair || !crosses(i, c)) return 0;
    return l.iops > 0 ? norm({1, l.bandwidth.value() / (l.iops * bytes(i) / operations(i))}, l.ridge) : 1;
  }
  double capacity(std::size_t c) const {
    return (c < w_.links.size() ? w_.links[c].bandwidth : w_.caps[0]).value() / 1e9;
  }

  void share() {
    std::vector<std::size_t> growing;
    for (std::size_t i = 0; i < f_.size(); ++i) {
      f_[i].rate = 0;
      if (f_[i].phase == moving) growing.push_back(i);
    }
    while (!growing.empty()) {
      double step = kInfinity;
      for (std::size_t i : growing) step = std::min(step, ceiling(i) - f_[i].rate);
      for (std::size_t c = 0; c <= w_.links.size(); ++c) {
        if (const double n = growers(growing, c); n > 0) step = std::min(step, slack(c) / n);
      }
      for (std::size_t i : growing) f_[i].rate += step;
      std::erase_if(growing, [&](std::size_t i) { return stopped(i); });
    }
  }
  double growers(const std::vector<std::size_t>& growing, std::size_t c) const {
    double n = 0;
    for (std::size_t i : growing) n += uses(i, c);
    return n;
  }
  double slack(std::size_t c) const {
    double left = capacity(c);
    for (std::size_t i = 0; i < f_.size(); ++i) left -= f_[i].rate * uses(i, c);
    return left;
  }
  bool stopped(std::size_t i) const {
    if (f_[i].rate >= ceiling(i) * (1 - 1e-12)) return true;
    for (std::size_t c = 0; c <= w_.links.size(); ++c) {
      if (uses(i, c) > 0 && slack(c) <= 1e-12 * capacity(c)) return true;
    }
    return false;
  }

  bool first_everywhere(std::size_t i) const {
    for (LinkId link : w_.flows[i].route) {
      const auto& queue = queues_[link.index()];
      if (w_.links[link.index()].sharing == hw::Sharing::fifo && queue.front() != i) return false;
    }
    return true;
  }
  bool change(std::size_t i) {
    State& s = f_[i];
    const Spec& spec = w_.flows[i];
    switch (s.phase) {
      case future:
        if (spec.start > now_) return false;
        s.phase = waiting;
        return true;
      case waiting:
        if (spec.after >= 0 && f_[static_cast<std::size_t>(spec.after)].phase != over) return false;
        for (LinkId link : spec.route) queues_[link.index()].push_back(i);
        s.phase = queued;
        return true;
      case queued:
        if (!first_everywhere(i)) return false;
        s.ready = now_;
        for (LinkId link : spec.route) {
          const hw::DirectedLink& l = w_.links[link.index()];
          s.ready += static_cast<double>((l.latency + l.per_operation * spec.request.operations.value()).value());
        }
        s.phase = set_up;
        return true;
      case set_up:
        if (s.ready > now_) return false;
        s.left = static_cast<double>(spec.request.bytes.value());
        s.phase = moving;
        return true;
      case moving:
        if (s.left > 1e-3) return false;
        s.phase = over;
        s.end = now_;
        for (LinkId link : spec.route) std::erase(queues_[link.index()], i);
        return true;
      default:
        return false;
    }
  }

  bool step() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < f_.size(); ++i) changed |= change(i);
    }
    share();
    double next = kInfinity;
    for (std::size_t i = 0; i < f_.size(); ++i) {
      if (f_[i].phase == future) next = std::min(next, w_.flows[i].start);
      if (f_[i].phase == set_up) next = std::min(next, f_[i].ready);
      if (f_[i].phase == moving) next = std::min(next, now_ + f_[i].left / f_[i].rate);
    }
    if (next == kInfinity) return false;
    for (State& s : f_) s.left -= s.phase == moving ? s.rate * (next - now_) : 0;
    now_ = next;
    return true;
  }

  const Workload& w_;
  std::vector<State> f_;
  std::vector<std::vector<std::size_t>> queues_;
  double now_ = 0;
};

}  // namespace

TEST_CASE("random flows end when a naive reference says, to the rounding of their events") {
  Rng rng(42);
  double worst = 0;
  for (int round = 0; round < 60; ++round) {
    const Workload workload = random_workload(rng);
    const std::vector<double> engine = run_engine(workload), reference = Reference(workload).run();
    for (std::size_t i = 0; i < engine.size(); ++i) worst = std::max(worst, std::abs(engine[i] - reference[i]));
  }
  CHECK(worst < 60);  // ns, after at most 120 events that each round by half a nanosecond
}

TEST_CASE("a fair link that always has bytes to move is never idle") {
  Rng rng(43);
  const std::vector<LinkId> route{LinkId(0)};
  hw::DirectedLink link;
  link.bandwidth = BytesPerSecond(1e9);
  const hw::Topology topology({link}, {});
  TransferEngine engine(topology);
  std::int64_t total = 0;
  for (int i = 0; i < 500; ++i) {
    const auto bytes = static_cast<std::int64_t>(rng.below(1'000'000));
    total += bytes;
    engine.start({.route = route, .bytes = Bytes(bytes)}, Time(0));
  }
  std::vector<EndedFlow> ended;
  Time last;
  while (engine.live() > 0) engine.advance(last = engine.next_event(), ended);
  CHECK(std::abs(last.value() - total) < 500);  // 1 byte a nanosecond
  CHECK(engine.use()[0].busy == last - Time(0));
}

TEST_CASE("an estimate for a flow that nothing joins later is what then happens, on fair and on fifo links") {
  Rng rng(44);
  for (hw::Sharing sharing : {hw::Sharing::fair, hw::Sharing::fifo}) {
    hw::DirectedLink link;
    link.bandwidth = BytesPerSecond(2e9);
    link.latency = Duration(3'000);
    link.sharing = sharing;
    const hw::Topology topology({link}, {});
    const std::vector<LinkId> route{LinkId(0)};
    TransferEngine engine(topology);
    const FlowRequest request{.route = route, .bytes = Bytes(1'000'000)};
    std::vector<EndedFlow> ended;
    for (int i = 0; i < 3; ++i) engine.start(request, Time(0));
    const Duration estimate = engine.estimate(request, Time(0));
    const FlowId last = engine.start(request, Time(0));
    Time now;
    while (engine.live() > 0) engine.advance(now = engine.next_event(), ended);
    CHECK(ended.back().id == last);
    CHECK(now - Time(0) == estimate);
  }
}
