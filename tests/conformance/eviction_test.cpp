// Every registered eviction policy against the contract of sim/memory/eviction.hpp, and the three whose order is simple
// against models that sort everything anew at each call.
#include "sim/memory/eviction.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>
#include <string>

#include "sim/core/registry.hpp"
#include "sim/core/rng.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/small_traces.hpp"

using namespace tiersim;

namespace {

/// What a test knows of each frame: whether the policy was told of it, what it holds, and when what befell it.
struct FrameState {
  bool known = false;
  BlockId content = BlockId::none();
  std::uint64_t inserted = 0, used = 0, released = 0;
};

struct Frames {
  explicit Frames(std::size_t n) : state(n), references(n) {}
  std::vector<FrameState> state;
  std::vector<std::uint32_t> references;
  std::uint64_t clock = 0;

  [[nodiscard]] std::vector<FrameId> where(const std::function<bool(const FrameState&, std::uint32_t)>& wanted) const {
    std::vector<FrameId> out;
    for (std::size_t f = 0; f < state.size(); ++f)
      if (wanted(state[f], references[f])) out.push_back(FrameId(f));
    return out;
  }
  [[nodiscard]] std::vector<FrameId> evictable() const {
    return where([](const FrameState& s, std::uint32_t n) { return s.known && n == 0; });
  }
};

/// The oldest unpinned frames by one of their stamps.
using Stamp = std::uint64_t FrameState::*;
std::vector<FrameId> oldest(const Frames& frames, Stamp stamp, std::size_t count) {
  std::vector<FrameId> out = frames.evictable();
  std::sort(out.begin(), out.end(),
            [&](FrameId a, FrameId b) { return frames.state[a.index()].*stamp < frames.state[b.index()].*stamp; });
  out.resize(std::min(count, out.size()));
  return out;
}

/// One policy under random calls such as a Tier makes them, with a twin that gets the same calls.
class Drive {
 public:
  Drive(std::string_view name, std::size_t frames, std::uint64_t seed)
      : rng_(Rng(seed).fork(name)),
        trace_(tests::small_trace(rng_, 40, 12, true)),
        tree_(trace_, Tokens(tests::kSmallBlock)),
        turns_(trace_.size()),
        policy_(make(name, frames)),
        twin_(make(name, frames)),
        frames_(frames) {
    for (std::uint32_t& turn : turns_) turn = static_cast<std::uint32_t>(rng_.below(12));
  }

  void step(std::uint64_t weight_of_eviction) {
    now_ += Duration(static_cast<std::int64_t>(rng_.below(3)));
    switch (rng_.below(4 + weight_of_eviction)) {
      case 0:
        return insert();
      case 1:
        return access();
      case 2:
        return release();
      case 3:
        return rng_.below(4) == 0 ? remove() : release();
      default:
        return evict(1 + rng_.below(4));
    }
  }
  void evict(std::size_t count) {
    const std::size_t wanted = std::min(count, frames_.evictable().size());
    const std::vector<FrameId> expected = stamp_ != nullptr ? oldest(frames_, stamp_, count) : std::vector<FrameId>();
    std::vector<FrameId> out(count), twin(count);
    const PinView pins(frames_.references);
    out.resize(policy_->evict(out, pins, now_));
    twin.resize(twin_->evict(twin, pins, now_));
    CHECK(out.size() == wanted);
    CHECK(out == twin);
    if (stamp_ != nullptr) CHECK(out == expected);
    for (FrameId f : out) {
      REQUIRE(f.index() < frames_.state.size());
      CHECK(frames_.state[f.index()].known);  // inserted before and not given up yet: so also distinct
      CHECK(frames_.references[f.index()] == 0);
      frames_.state[f.index()].known = false;
    }
  }
  [[nodiscard]] const Frames& frames() const { return frames_; }
  void expect_order_of(Stamp stamp) { stamp_ = stamp; }

 private:
  [[nodiscard]] std::unique_ptr<EvictionPolicy> make(std::string_view name, std::size_t frames) const {
    return Registry<EvictionPolicy>::instance().make(
        name, {frames, tests::default_parameters<EvictionPolicy>(name), 7, trace_.distinct_blocks(),
               Tokens(tests::kSmallBlock), turns_, [this]() -> const PrefixTree& { return tree_; }});
  }

  /// Up to four of these frames, in random order.
  std::vector<FrameId> some(std::vector<FrameId> from) {
    for (std::size_t i = 0; i + 1 < from.size(); ++i) std::swap(from[i], from[i + rng_.below(from.size() - i)]);
    from.resize(std::min<std::size_t>(from.size(), 1 + rng_.below(4)));
    return from;
  }
  using Call = void (EvictionPolicy::*)(const BlockRun&, Time);
  void tell(Call call, const std::vector<FrameId>& frames) {
    std::vector<BlockId> blocks;
    for (FrameId f : frames) blocks.push_back(frames_.state[f.index()].content);
    const RequestId request = rng_.below(5) == 0 ? RequestId::none() : RequestId(rng_.below(trace_.size()));
    const BlockRun run{frames, blocks, static_cast<std::uint32_t>(rng_.below(50)), request};
    ((*policy_).*call)(run, now_);
    ((*twin_).*call)(run, now_);
  }
  void insert() {
    const auto run = some(frames_.where([](const FrameState& s, std::uint32_t) { return !s.known; }));
    if (run.empty()) return;
    for (FrameId f : run) {
      ++frames_.references[f.index()];
      frames_.state[f.index()] = {true, new_content(), ++frames_.clock, frames_.clock, 0};
    }
    tell(&EvictionPolicy::on_insert, run);
  }
  /// One that no frame holds, or private content, or none.
  BlockId new_content() {
    const std::size_t named = trace_.distinct_blocks();
    if (rng_.below(5) == 0) return rng_.below(2) == 0 ? BlockId::none() : BlockId(named + rng_.below(100));
    const BlockId content(rng_.below(named));
    const bool held = std::any_of(frames_.state.begin(), frames_.state.end(),
                                  [&](const FrameState& s) { return s.known && s.content == content; });
    return held ? BlockId::none() : content;
  }
  void access() {
    const auto run = some(frames_.where([](const FrameState& s, std::uint32_t) { return s.known; }));
    if (run.empty()) return;
    tell(&EvictionPolicy::on_access, run);
    for (FrameId f : run) ++frames_.references[f.index()], frames_.state[f.index()].used = ++frames_.clock;
  }
  void release() {
    std::vector<FrameId> freed;
    for (FrameId f : some(frames_.where([](const FrameState&, std::uint32_t n) { return n > 0; })))
      if (--frames_.references[f.index()] == 0) freed.push_back(f);
    if (freed.empty()) return;
    for (std::size_t i = freed.size(); i-- > 0;)
      frames_.state[freed[i].index()].released = ++frames_.clock;  // tail first
    tell(&EvictionPolicy::on_release, freed);
  }
  void remove() {
    for (FrameId f : some(frames_.evictable())) {
      policy_->on_remove(f);
      twin_->on_remove(f);
      frames_.state[f.index()].known = false;
    }
  }

  Rng rng_;
  traces::Trace trace_;
  PrefixTree tree_;
  std::vector<std::uint32_t> turns_;  // by request
  std::unique_ptr<EvictionPolicy> policy_, twin_;
  Frames frames_;
  Time now_;
  Stamp stamp_ = nullptr;
};

void drive(std::string_view name, Stamp stamp) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    Drive test(name, seed < 2 ? seed : seed * 3, seed);
    test.expect_order_of(stamp);
    for (int i = 0; i < 3000; ++i) test.step(seed % 3);
    test.evict(test.frames().state.size() + 1);  // everything that may go goes
  }
}

}  // namespace

TEST_CASE("does every eviction policy keep its contract under random calls?") {
  REQUIRE(!Registry<EvictionPolicy>::instance().names().empty());
  for (std::string_view name : Registry<EvictionPolicy>::instance().names()) {
    CAPTURE(std::string(name));
    drive(name, nullptr);
  }
}

TEST_CASE("does lru give up exactly the least recently used, whatever is pinned in between?") {
  drive("lru", &FrameState::used);
}

TEST_CASE("does fifo give up exactly the first that came, whatever is pinned in between?") {
  drive("fifo", &FrameState::inserted);
}

TEST_CASE("does vllm give up exactly in the order of release, tail first?") { drive("vllm", &FrameState::released); }

TEST_CASE("does lru keep the place of a block that was pinned when its turn came?") {
  const auto lru = Registry<EvictionPolicy>::instance().make("lru", {4, {}, 0});
  const std::vector<FrameId> all{FrameId(0), FrameId(1), FrameId(2), FrameId(3)};
  lru->on_insert({all, {}}, Time(0));
  std::vector<std::uint32_t> references{1, 1, 0, 0};
  std::vector<FrameId> out(1);
  CHECK(lru->evict(out, PinView(references), Time(1)) == 1);
  CHECK(out[0] == FrameId(2));  // 0 and 1 are older but pinned
  references = {0, 0, 0, 0};
  lru->on_release({std::span(all).first(2), {}}, Time(2));
  std::vector<FrameId> rest(3);
  CHECK(lru->evict(rest, PinView(references), Time(3)) == 3);
  CHECK(rest == std::vector{FrameId(0), FrameId(1), FrameId(3)});
}
