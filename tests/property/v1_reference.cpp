#include "tests/property/v1_reference.hpp"

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace tiersim::test {
namespace {

/// What a block holds: (-1, engine block id) for content that the trace identifies, (request, position) for content
/// that this request alone can ask for again.
using Content = std::pair<std::int64_t, std::int64_t>;

struct Block {
  std::optional<Content> content;
  int references = 0;
};

struct Sequence {
  std::int64_t prompt = 0, output = 0, identified = 0;
  std::vector<std::int64_t> ids;  // engine block ids of the identified content, whole blocks or not
  std::vector<int> blocks;
  std::int64_t computed = 0, generated = 0;
  std::int64_t published = 0;      // blocks
  std::int64_t ever_computed = 0;  // the most tokens that it has had KV for
  std::int64_t lost = 0;           // tokens with KV when it was last preempted
  std::int64_t last_token = -1;
  bool decoding = false;
  bool admitted_before = false;

  [[nodiscard]] std::int64_t total() const { return prompt + generated; }
};

class Engine {
 public:
  Engine(const ReferenceRules& rules, const traces::Trace& trace, CostModel& cost)
      : rules_(rules), trace_(trace), cost_(cost), sequences_(trace.size()) {
    out_.requests.resize(trace.size());
    blocks_.resize(static_cast<std::size_t>(rules.frames));
    for (int b = 0; b < rules.frames; ++b) free_.push_back(b);
    for (std::size_t r = 0; r < trace.size(); ++r) describe(r);
    plan_arrivals();
  }

  ReferenceOutcome run() {
    while (true) {
      std::int64_t now = INT64_MAX;
      if (step_end_ >= 0) now = step_end_;
      for (const auto& [time, request] : arrivals_) now = std::min(now, time);
      if (now == INT64_MAX) break;
      if (step_end_ == now) end_step(now);
      while (!arrivals_.empty() && arrivals_.begin()->first == now) {
        const auto request = arrivals_.begin()->second;
        arrivals_.erase(arrivals_.begin());
        arrive(request, now);
      }
      if (step_end_ < 0) schedule(now);
    }
    std::sort(out_.gaps.begin(), out_.gaps.end());
    if (!waiting_.empty() || !running_.empty()) throw std::logic_error("the reference stands still");
    return std::move(out_);
  }

 private:
  struct Scheduled {
    std::size_t request;
    std::int64_t tokens;
    bool decode;
  };

  void describe(std::size_t r) {
    const RequestId id(r);
    Sequence& s = sequences_[r];
    s.prompt = trace_.prompt_tokens(id);
    s.output = trace_.output_tokens(id);
    s.identified = trace_.identified_tokens(id);
    const std::int64_t split = trace_.has_blocks() ? trace_.block_tokens() / rules_.block : 0;
    for (const traces::Extent& e : trace_.extents(id))
      for (std::int64_t t = e.first; t < std::int64_t{e.first} + e.count; ++t)
        for (std::int64_t i = 0; i < split; ++i) s.ids.push_back(t * split + i);
  }

  void plan_arrivals() {
    for (std::size_t r = 0; r < sequences_.size(); ++r) {
      const RequestId id(r);
      if (rules_.concurrency > 0) {
        if (started_ < static_cast<std::size_t>(rules_.concurrency)) arrivals_.insert({0, started_++});
      } else if (!rules_.sessions || trace_.previous(id) == traces::kNoRequest) {
        arrivals_.insert({trace_.arrival(id).value(), r});
      }
    }
  }

  void ended(std::size_t request, std::int64_t now) {
    if (rules_.concurrency > 0 && started_ < sequences_.size()) arrivals_.insert({now, started_++});
    if (!rules_.sessions) return;
    for (std::size_t r = 0; r < sequences_.size(); ++r)
      if (trace_.previous(RequestId(r)) == request)
        arrivals_.insert({now + trace_.think_time(RequestId(r)).value(), r});
  }

  void arrive(std::size_t request, std::int64_t now) {
    const Sequence& s = sequences_[request];
    out_.requests[request].arrival = now;
    if (blocks_for(s.prompt + s.output - 1) > rules_.frames) {
      out_.requests[request].rejected = true;
      ended(request, now);
      return;
    }
    waiting_.push_back(request);
  }

  [[nodiscard]] std::int64_t blocks_for(std::int64_t tokens) const {
    std::int64_t blocks = 0;
    while (blocks * rules_.block < tokens) ++blocks;
    return blocks;
  }

  [[nodiscard]] Content content_at(std::size_t request, std::int64_t position) const {
    const Sequence& s = sequences_[request];
    if ((position + 1) * rules_.block <= s.identified) return {-1, s.ids[static_cast<std::size_t>(position)]};
    return {static_cast<std::int64_t>(request), position};
  }

  [[nodiscard]] int find(const Content& content) const {
    for (std::size_t b = 0; b < blocks_.size(); ++b)
      if (blocks_[b].content == content) return static_cast<int>(b);
    return -1;
  }

  /// The full blocks among the first `tokens` become findable, each once (a copy stays without identity for good);
  /// private ones only when somebody may look for them.
  void publish(std::size_t request, std::int64_t tokens, bool also_private) {
    Sequence& s = sequences_[request];
    for (std::int64_t& i = s.published; (i + 1) * rules_.block <= tokens; ++i) {
      const Content content = content_at(request, i);
      if (content.first >= 0 && !also_private) return;
      seen_.insert(content);
      Block& block = blocks_[static_cast<std::size_t>(s.blocks[static_cast<std::size_t>(i)])];
      if (find(content) >= 0) {
        ++out_.duplicates;
      } else {
        block.content = content;
      }
    }
  }

  [[nodiscard]] std::int64_t available() const {
    std::int64_t referenced = 0;
    for (const Block& block : blocks_) referenced += block.references > 0;
    return rules_.frames - referenced;
  }

  /// The front of the free queue; under the infinite cache the first that holds nothing, or one more.
  [[nodiscard]] int next_free() {
    if (!rules_.infinite) return free_.front();
    for (int b : free_)
      if (!blocks_[static_cast<std::size_t>(b)].content) return b;
    blocks_.emplace_back();
    free_.push_back(static_cast<int>(blocks_.size()) - 1);
    return free_.back();
  }

  void grow(Sequence& s, std::int64_t blocks) {
    while (static_cast<std::int64_t>(s.blocks.size()) < blocks) {
      const int b = next_free();
      free_.remove(b);
      blocks_[static_cast<std::size_t>(b)] = {std::nullopt, 1};
      s.blocks.push_back(b);
    }
  }

  void release(Sequence& s) {
    while (!s.blocks.empty()) {
      const int b = s.blocks.back();
      s.blocks.pop_back();
      if (--blocks_[static_cast<std::size_t>(b)].references == 0) free_.push_back(b);
    }
  }

  void preempt(std::size_t request) {
    Sequence& s = sequences_[request];
    publish(request, s.computed, true);
    release(s);
    s.lost = s.computed;
    s.ever_computed = std::max(s.ever_computed, s.computed);
    s.computed = 0;
    s.decoding = false;
    waiting_.push_front(request);
    ++out_.requests[request].preemptions;
  }

  void schedule(std::int64_t now) {
    scheduled_.clear();
    std::int64_t budget = rules_.budget;
    const bool preempted = schedule_running(budget);
    if (!preempted) admit(budget, now);
    if (preempted && running_.empty()) admit(budget, now);  // an empty step takes no time
    if (!scheduled_.empty()) start_step(now);
  }

  bool schedule_running(std::int64_t& budget) {
    bool preempted = false;
    for (std::size_t i = 0; i < running_.size() && budget > 0; ++i) {
      const std::size_t request = running_[i];
      Sequence& s = sequences_[request];
      const std::int64_t tokens = std::min(s.total() - s.computed, budget);
      const std::int64_t blocks = blocks_for(s.computed + tokens);
      while (blocks - static_cast<std::int64_t>(s.blocks.size()) > available()) {
        const std::size_t victim = running_.back();
        running_.pop_back();
        preempt(victim);
        preempted = true;
        if (victim != request) continue;
        ++out_.self_preemptions;
        return true;
      }
      grow(s, blocks);
      take(request, tokens, budget);
    }
    return preempted;
  }

  void take(std::size_t request, std::int64_t tokens, std::int64_t& budget) {
    const Sequence& s = sequences_[request];
    scheduled_.push_back({request, tokens, s.decoding});
    if (!s.decoding) publish(request, s.computed + tokens, false);
    budget -= tokens;
  }

  void admit(std::int64_t& budget, std::int64_t now) {
    while (!waiting_.empty() && budget > 0 && static_cast<std::int64_t>(running_.size()) < rules_.seats) {
      const std::size_t request = waiting_.front();
      Sequence& s = sequences_[request];
      std::vector<int> hits;
      while ((static_cast<std::int64_t>(hits.size()) + 1) * rules_.block < s.total()) {
        const int b = find(content_at(request, static_cast<std::int64_t>(hits.size())));
        if (b < 0) break;
        hits.push_back(b);
      }
      const std::int64_t prefix = static_cast<std::int64_t>(hits.size()) * rules_.block;
      const std::int64_t tokens = std::min(s.total() - prefix, budget);
      std::int64_t needed = blocks_for(rules_.reserve_whole_prompt ? s.total() : prefix + tokens);
      for (int b : hits) needed -= blocks_[static_cast<std::size_t>(b)].references > 0;
      if (needed > available()) return;
      record_sources(request, prefix);
      for (int b : hits) {
        if (blocks_[static_cast<std::size_t>(b)].content->first >= 0) ++out_.private_hits;
        if (blocks_[static_cast<std::size_t>(b)].references++ == 0) free_.remove(b);
      }
      waiting_.pop_front();
      running_.push_back(request);
      s.blocks = hits;
      s.computed = prefix;
      s.published = static_cast<std::int64_t>(hits.size());
      grow(s, blocks_for(prefix + tokens));
      if (out_.requests[request].scheduled < 0) out_.requests[request].scheduled = now;
      take(request, tokens, budget);
    }
  }

  /// Token by token: found, computed before by anyone (and in a block that can be found at all, or by itself), or new.
  void record_sources(std::size_t request, std::int64_t prefix) {
    Sequence& s = sequences_[request];
    ReferenceRequest& out = out_.requests[request];
    ReferenceSources sources;
    for (std::int64_t t = 0; t < s.prompt; ++t) {
      const std::int64_t position = t / rules_.block;
      const bool reusable = (position + 1) * rules_.block < s.prompt;
      if (t < prefix) {
        ++sources.hit;
      } else if (t < s.ever_computed || (reusable && seen_.count(content_at(request, position)) > 0)) {
        ++sources.recomputed;
      } else {
        ++sources.fresh;
      }
    }
    out.final = sources;
    if (s.admitted_before) {
      out.recomputed_after_preemption += std::max<std::int64_t>(0, s.lost - prefix);
      return;
    }
    out.first = sources;
    s.admitted_before = true;
    for (std::int64_t i = prefix / rules_.block; (i + 1) * rules_.block < s.prompt; ++i) {
      const Content content = content_at(request, i);
      if (content.first >= 0) continue;
      if (seen_.count(content) == 0) {
        ++out_.compulsory_misses;
      } else {
        ++(find(content) >= 0 ? out_.passed_over : out_.capacity_misses);
      }
    }
  }

  void start_step(std::int64_t now) {
    Batch batch = cost_.empty_batch();
    const std::int64_t window = batch.window.value();
    ReferenceStep step;
    step.begin = now;
    for (const Scheduled& p : scheduled_) {
      const Sequence& s = sequences_[p.request];
      const bool last = s.computed + p.tokens == s.total();
      batch.sampled += last;
      if (p.decode) {
        ++step.decodes;
        step.decode_context += s.computed + 1;
        batch.longest = std::max(batch.longest, Tokens(s.computed + 1));
        batch.window_decode_context += Tokens(std::min(window, s.computed + 1));
        continue;
      }
      batch.prefill_tokens += Tokens(p.tokens);
      ++batch.chunks;
      for (std::int64_t t = 0; t < p.tokens; ++t) {
        batch.score_pairs += s.computed + t + 1;
        batch.window_pairs += std::min(window, s.computed + t + 1);
      }
      batch.prefill_context += Tokens(s.computed + p.tokens);
      batch.longest = std::max(batch.longest, Tokens(s.computed + p.tokens));
      const std::int64_t first = std::max<std::int64_t>(0, s.computed + 1 - window);  // the first query's oldest key
      batch.window_prefill_context += Tokens(window > 0 ? s.computed + p.tokens - first : 0);
      step.chunks.push_back({static_cast<std::int64_t>(p.request), s.computed, p.tokens, last});
    }
    batch.decodes = step.decodes;
    batch.decode_context = Tokens(step.decode_context);
    step.end = step_end_ = now + cost_.duration(batch).value();
    out_.steps.push_back(step);
  }

  void end_step(std::int64_t now) {
    step_end_ = -1;
    for (const Scheduled& p : scheduled_) {
      Sequence& s = sequences_[p.request];
      s.computed += p.tokens;
      if (s.computed < s.total()) continue;
      ++s.generated;
      s.decoding = true;
      ReferenceRequest& out = out_.requests[p.request];
      if (s.generated == 1) {
        out.first_token = now;
      } else {
        out_.gaps.push_back(now - s.last_token);
      }
      s.last_token = out.last_token = now;
      if (s.generated == s.output) finish(p.request, now);
    }
  }

  void finish(std::size_t request, std::int64_t now) {
    publish(request, sequences_[request].computed, false);
    release(sequences_[request]);
    running_.erase(std::find(running_.begin(), running_.end(), request));
    ended(request, now);
  }

  ReferenceRules rules_;
  const traces::Trace& trace_;
  CostModel& cost_;
  std::vector<Sequence> sequences_;
  std::vector<Block> blocks_;
  std::list<int> free_;
  std::deque<std::size_t> waiting_;
  std::vector<std::size_t> running_;
  std::set<std::pair<std::int64_t, std::size_t>> arrivals_;  // (time, request)
  std::size_t started_ = 0;
  std::set<Content> seen_;  // ever published
  std::vector<Scheduled> scheduled_;
  std::int64_t step_end_ = -1;
  ReferenceOutcome out_;
};

}  // namespace

ReferenceOutcome run_reference(const ReferenceRules& rules, const traces::Trace& trace, CostModel& cost) {
  return Engine(rules, trace, cost).run();
}

}  // namespace tiersim::test
