#include "traces/agent_sessions.hpp"

#include <algorithm>
#include <utility>

#include "traces/trace_builder.hpp"

namespace tiersim::traces {
namespace {

constexpr std::uint32_t kUnseen = UINT32_MAX;

struct Place {
  std::int64_t arrival;
  std::uint32_t session, request;
};

class Merger {
 public:
  Merger(const AgentSessions& sessions, Duration gap) : sessions_(sessions.list) {
    std::size_t requests = 0, blocks = sessions.global_blocks;
    for (const AgentSession& s : sessions_) {
      first_request_.push_back(requests);
      first_block_.push_back(s.global_ids ? 0 : blocks);
      requests += s.requests.size();
      if (!s.global_ids) blocks += s.distinct_blocks;
    }
    number_of_request_.resize(requests);
    number_of_block_.resize(blocks, kUnseen);
    put_in_order(gap);
  }

  Trace trace(std::uint32_t block_tokens, Trace::Origin origin) {
    builder_.reserve(order_.size());
    for (const Place& place : order_) add(place, block_tokens);
    return std::move(builder_).finish(block_tokens, distinct_, std::move(origin));
  }

 private:
  void put_in_order(Duration gap) {
    for (std::uint32_t s = 0; s < sessions_.size(); ++s)
      for (std::uint32_t r = 0; r < sessions_[s].requests.size(); ++r)
        order_.push_back({s * gap.value() + sessions_[s].requests[r].start, s, r});
    std::ranges::stable_sort(order_, {}, &Place::arrival);
  }

  void add(const Place& place, std::uint32_t block_tokens) {
    const AgentSession& s = sessions_[place.session];
    const AgentSession::Request& r = s.requests[place.request];
    std::uint32_t* const numbers = number_of_request_.data() + first_request_[place.session];
    numbers[place.request] = static_cast<std::uint32_t>(builder_.size());
    const std::uint32_t blocks = add_blocks(place);
    builder_.add_request({.arrival = place.arrival,
                          .prompt_tokens = r.prompt_tokens,
                          .output_tokens = r.output_tokens,
                          .identified_tokens = blocks * block_tokens,
                          .previous = r.previous == kNoRequest ? kNoRequest : numbers[r.previous],
                          .think_time = r.think_time});
  }

  /// How many there are.
  std::uint32_t add_blocks(const Place& place) {
    const AgentSession& s = sessions_[place.session];
    std::uint32_t* const numbers = number_of_block_.data() + first_block_[place.session];
    std::uint32_t blocks = 0;
    for (std::uint64_t e = s.extent_offsets[place.request]; e < s.extent_offsets[place.request + 1]; ++e) {
      const auto [first, count] = s.extents[e];
      for (std::uint32_t id = first; id < first + count; ++id) {
        if (numbers[id] == kUnseen) numbers[id] = distinct_++;
        builder_.add_block(numbers[id]);
      }
      blocks += count;
    }
    return blocks;
  }

  const std::vector<AgentSession>& sessions_;
  std::vector<std::size_t> first_request_, first_block_;  // by session: where its entries in the next two begin
  std::vector<std::uint32_t> number_of_request_, number_of_block_;  // in the trace
  std::vector<Place> order_;
  TraceBuilder builder_;
  std::uint32_t distinct_ = 0;
};

}  // namespace

Trace merged(AgentSessions sessions, Duration gap, std::uint32_t block_tokens, Trace::Origin origin) {
  std::ranges::stable_sort(sessions.list, {}, &AgentSession::name);
  return Merger(sessions, gap).trace(block_tokens, std::move(origin));
}

}  // namespace tiersim::traces
