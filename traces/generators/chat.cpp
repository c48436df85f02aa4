// Chat: tenants, sessions, turns. The model is in traces/generators.hpp; here sessions are drawn first, each relative
// to its start, then their starts are paced so that the wanted number of requests arrives in the wanted time.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "sim/core/mathematics.hpp"
#include "sim/core/rng.hpp"
#include "traces/generators.hpp"
#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

constexpr double kSystemPromptSpread = 0.5;
constexpr std::int64_t kAssumedFirstToken = 500'000'000;             // ns
constexpr std::int64_t kAssumedPerToken = 20'000'000;                // ns
constexpr std::int64_t kLongestSession = 1'000'000'000'000'000'000;  // ns; far beyond any horizon
constexpr double kPaceTolerance = 1e-4;                              // of requests / rate

/// Log-normal lengths of a given mean, in whole tokens.
class Lengths {
 public:
  Lengths(Tokens mean, double spread, Tokens most)
      : mu_(natural_log(static_cast<double>(mean.value())) - spread * spread / 2),
        spread_(spread),
        most_(static_cast<double>(most.value())) {}
  std::uint32_t draw(Rng& rng) const {
    return static_cast<std::uint32_t>(std::clamp(rng.lognormal(mu_, spread_) + 0.5, 1.0, most_));
  }

 private:
  double mu_, spread_, most_;
};

struct Turn {
  std::int64_t offset = 0;  ///< arrival - start of the session, ns
  std::int64_t think_time = 0;
  std::uint32_t prompt = 0;
  std::uint32_t answer = 0;
};

struct Session {
  std::uint32_t tenant = 0;
  std::size_t first_turn = 0;  ///< index into the turns; its turns end where the next session's begin
};

/// Draws sessions one after another; how many are drawn in the end does not change the earlier ones.
class Sessions {
 public:
  Sessions(const ChatWorkload& w, const Rng& rng)
      : w_(w),
        rng_(rng.fork("sessions")),
        messages_(w.user_message, w.user_message_spread, w.max_prompt),
        answers_(w.answer, w.answer_spread, w.max_prompt) {
    draw_tenants(rng.fork("tenants"));
  }

  void grow(std::size_t turns, std::size_t most_sessions) {
    while (turns_.size() < turns && sessions_.size() < most_sessions) draw_session();
  }

  [[nodiscard]] const std::vector<Session>& sessions() const { return sessions_; }
  [[nodiscard]] const std::vector<Turn>& turns() const { return turns_; }
  [[nodiscard]] std::span<const Turn> turns_of(std::size_t session) const {
    const std::size_t begin = sessions_[session].first_turn;
    const std::size_t end = session + 1 < sessions_.size() ? sessions_[session + 1].first_turn : turns_.size();
    return std::span(turns_).subspan(begin, end - begin);
  }
  [[nodiscard]] const std::vector<std::uint32_t>& system_prompts() const { return system_prompts_; }

 private:
  void draw_tenants(Rng rng) {
    const Lengths lengths(w_.system_prompt, kSystemPromptSpread, w_.max_prompt / 2);
    double sum = 0;
    for (std::int64_t i = 0; i < w_.tenants; ++i) {
      system_prompts_.push_back(lengths.draw(rng));
      sum += power(static_cast<double>(i + 1), -w_.tenant_skew);
      popularity_.push_back(sum);
    }
  }

  std::uint32_t draw_tenant() {
    const double at = rng_.uniform() * popularity_.back();
    const auto tenant = std::ranges::upper_bound(popularity_, at) - popularity_.begin();
    return static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(tenant, std::ssize(popularity_) - 1));
  }

  void draw_session() {
    const std::uint32_t tenant = draw_tenant();
    sessions_.push_back({tenant, turns_.size()});
    const auto most = static_cast<std::uint64_t>(w_.max_prompt.value());
    Turn turn;
    std::uint64_t prompt = std::min<std::uint64_t>(std::uint64_t{system_prompts_[tenant]} + messages_.draw(rng_), most);
    do {
      turn.prompt = static_cast<std::uint32_t>(prompt);
      turn.answer = answers_.draw(rng_);
      turns_.push_back(turn);
      turn.think_time = static_cast<std::int64_t>(rng_.exponential(static_cast<double>(w_.think_time.value())));
      turn.offset += kAssumedFirstToken + kAssumedPerToken * turn.answer + turn.think_time;
      prompt += turn.answer + messages_.draw(rng_);
    } while (rng_.uniform() >= 1 / w_.turns && prompt <= most && turn.offset < kLongestSession);
  }

  const ChatWorkload& w_;
  Rng rng_;
  Lengths messages_, answers_;
  std::vector<std::uint32_t> system_prompts_;  // per tenant
  std::vector<double> popularity_;             // running sums
  std::vector<Session> sessions_;
  std::vector<Turn> turns_;
};

/// When sessions start, for any pace: the n-th start is where the intensity, integrated, reaches the n-th point of a
/// Poisson process of rate 1. Bursts stay where they are while the pace changes.
class Starts {
 public:
  Starts(const ChatWorkload& w, const Rng& rng)
      : points_rng_(rng.fork("starts")),
        bursts_rng_(rng.fork("bursts")),
        has_bursts_(w.burst_share > 0 && w.burst_share < 1),
        burst_length_(static_cast<double>(w.burst_length.value())),
        calm_length_(has_bursts_ ? burst_length_ * (1 - w.burst_share) / w.burst_share : 0) {
    if (!has_bursts_) return;
    calm_rate_ = 1 / (w.burst_share * w.burst_factor + 1 - w.burst_share);  // so that the mean over time is 1
    burst_rate_ = w.burst_factor * calm_rate_;
    first_is_burst_ = bursts_rng_.uniform() < w.burst_share;
  }

  /// Starts of the first `count` sessions, ns, with `gap` ns between them in the mean over a long time.
  void place(std::size_t count, double gap, std::vector<std::int64_t>& out) {
    while (points_.size() < count)
      points_.push_back((points_.empty() ? 0 : points_.back()) + points_rng_.exponential(1));
    out.clear();
    double state_begin = 0, passed = 0;  // passed: integrated intensity up to state_begin, in units of ns
    std::size_t state = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double wanted = points_[i] * gap;
      while (has_bursts_ && passed + length_of(state) * rate_of(state) < wanted) {
        passed += length_of(state) * rate_of(state);
        state_begin += length_of(state++);
      }
      out.push_back(static_cast<std::int64_t>(state_begin + (wanted - passed) / rate_of(state)));
    }
  }

 private:
  [[nodiscard]] bool is_burst(std::size_t state) const { return (state % 2 == 0) == first_is_burst_; }
  [[nodiscard]] double rate_of(std::size_t state) const { return is_burst(state) ? burst_rate_ : calm_rate_; }
  double length_of(std::size_t state) {
    while (lengths_.size() <= state)
      lengths_.push_back(bursts_rng_.exponential(is_burst(lengths_.size()) ? burst_length_ : calm_length_));
    return lengths_[state];
  }

  Rng points_rng_, bursts_rng_;
  bool has_bursts_, first_is_burst_ = false;
  double burst_length_, calm_length_;
  double calm_rate_ = 1, burst_rate_ = 1;  // relative to the mean
  std::vector<double> points_;
  std::vector<double> lengths_;  // of the states, ns; bursts and calm in turn
};

/// Finds the pace at which the n-th arrival falls on the horizon.
class Pacer {
 public:
  Pacer(const ChatWorkload& w, Sessions& sessions, Starts& starts)
      : n_(static_cast<std::size_t>(w.requests)),
        horizon_(static_cast<double>(w.requests) / w.rate * 1e9),
        sessions_(sessions),
        starts_(starts) {}

  /// Starts of the sessions. Sessions enough are drawn that they still start when the n-th request arrives: one for
  /// each request is always enough.
  const std::vector<std::int64_t>& solve() {
    for (std::size_t turns = n_ + n_ / 2;; turns *= 2) {
      sessions_.grow(turns, n_);
      bisect();
      const bool enough = sessions_.sessions().size() == n_ || static_cast<double>(placed_.back()) > horizon_;
      if (enough) return placed_;
    }
  }

 private:
  /// The time of the n-th arrival grows with the gap between sessions; with n sessions, from 0 on.
  void bisect() {
    if (nth_arrival(0) >= horizon_) return;  // too few sessions, however fast they start
    double low = 0, high = horizon_ / static_cast<double>(sessions_.sessions().size());
    while (nth_arrival(high) < horizon_) low = high, high *= 2;
    for (int i = 0; i < 60; ++i) {
      const double middle = (low + high) / 2, at = nth_arrival(middle);
      if (std::abs(at - horizon_) <= kPaceTolerance * horizon_) return;
      (at < horizon_ ? low : high) = middle;
    }
  }

  double nth_arrival(double gap) {
    const std::size_t count = sessions_.sessions().size();
    starts_.place(count, gap, placed_);
    arrivals_.clear();
    for (std::size_t s = 0; s < count; ++s)
      for (const Turn& turn : sessions_.turns_of(s)) arrivals_.push_back(placed_[s] + turn.offset);
    const auto nth = arrivals_.begin() + static_cast<std::ptrdiff_t>(n_ - 1);
    std::nth_element(arrivals_.begin(), nth, arrivals_.end());
    return static_cast<double>(*nth);
  }

  std::size_t n_;
  double horizon_;  // ns
  Sessions& sessions_;
  Starts& starts_;
  std::vector<std::int64_t> placed_, arrivals_;
};

/// One request before it has a number.
struct Arrival {
  std::int64_t at = 0;
  std::uint32_t session = 0;
  std::uint32_t turn = 0;
  friend auto operator<=>(const Arrival&, const Arrival&) = default;
};

std::vector<Arrival> first_arrivals(const Sessions& sessions, const std::vector<std::int64_t>& starts, std::size_t n) {
  std::vector<Arrival> all;
  all.reserve(sessions.turns().size());
  for (std::uint32_t s = 0; s < sessions.sessions().size(); ++s) {
    std::uint32_t number = 0;
    for (const Turn& turn : sessions.turns_of(s)) all.push_back({starts[s] + turn.offset, s, number++});
  }
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(n);
  std::nth_element(all.begin(), end - 1, all.end());
  all.erase(end, all.end());
  std::ranges::sort(all);
  return all;
}

/// Numbers requests and blocks as they arrive.
class Emitter {
 public:
  Emitter(const ChatWorkload& w, const Sessions& sessions)
      : block_(static_cast<std::uint32_t>(w.block.value())),
        sessions_(sessions),
        shared_(sessions.system_prompts().size()),
        last_request_(sessions.sessions().size(), kNoRequest) {}

  void add(const Arrival& arrival) {
    const Turn& turn = sessions_.turns_of(arrival.session)[arrival.turn];
    std::uint32_t& last = last_request_[arrival.session];
    const std::uint32_t tokens = turn.prompt + turn.answer;
    const std::uint32_t known =
        last == kNoRequest ? add_shared(sessions_.sessions()[arrival.session].tenant) : repeat(arrival, last);
    add_new(blocks_of(tokens) - known);
    const auto request = static_cast<std::uint32_t>(builder_.size());
    builder_.add_request({.arrival = arrival.at,
                          .prompt_tokens = turn.prompt,
                          .output_tokens = turn.answer,
                          .identified_tokens = tokens,
                          .previous = last,
                          .think_time = turn.think_time});
    last = request;
  }

  Trace finish() && { return std::move(builder_).finish(block_, next_block_, {"", "chat", ""}); }

 private:
  [[nodiscard]] std::uint32_t blocks_of(std::uint32_t tokens) const { return (tokens + block_ - 1) / block_; }

  /// The tenant's blocks, numbered when the first session mentions them. Returns how many.
  std::uint32_t add_shared(std::uint32_t tenant) {
    Extent& shared = shared_[tenant];
    if (shared.count == 0) {
      shared = {next_block_, sessions_.system_prompts()[tenant] / block_};
      next_block_ += shared.count;
    }
    if (shared.count > 0) builder_.add_extent(shared);
    return shared.count;
  }

  /// The blocks of the session's last turn. Returns how many.
  std::uint32_t repeat(const Arrival& arrival, std::uint32_t last) {
    builder_.repeat_blocks(last);
    const Turn& before = sessions_.turns_of(arrival.session)[arrival.turn - 1];
    return blocks_of(before.prompt + before.answer);
  }

  void add_new(std::uint32_t count) {
    if (count > 0) builder_.add_extent({next_block_, count});
    next_block_ += count;
  }

  std::uint32_t block_;
  const Sessions& sessions_;
  std::vector<Extent> shared_;               // per tenant
  std::vector<std::uint32_t> last_request_;  // per session
  TraceBuilder builder_;
  std::uint32_t next_block_ = 0;
};

}  // namespace

Trace generate_chat(const ChatWorkload& workload, std::uint64_t seed) {
  const Rng rng(seed);
  Sessions sessions(workload, rng);
  Starts starts(workload, rng);
  const std::vector<std::int64_t> placed = Pacer(workload, sessions, starts).solve();
  Emitter emitter(workload, sessions);
  for (const Arrival& arrival : first_arrivals(sessions, placed, static_cast<std::size_t>(workload.requests)))
    emitter.add(arrival);
  return std::move(emitter).finish();
}

}  // namespace tiersim::traces
