#include "sim/serving/why.hpp"

#include <algorithm>

#include "sim/core/diagnostics.hpp"

namespace tiersim {
namespace {

MetFlow met(const FlowRecord& flow) {
  MetFlow out;
  out.source = flow.move.source;
  out.started = flow.started;
  out.moving = flow.moving;
  out.ended = flow.ended;
  out.bytes = flow.bytes;
  out.route.assign(flow.route.begin(), flow.route.end());
  return out;
}

bool shared_a_link(const MetFlow& a, const MetFlow& b) {
  return a.started < b.ended && b.started < a.ended &&
         std::find_first_of(a.route.begin(), a.route.end(), b.route.begin(), b.route.end()) != a.route.end();
}

}  // namespace

void FirstTokenObserver::on_step(const StepRecord& step) {
  if (step.replica != story_.replica) return;
  if (state_ == State::queued) ++story_.steps_while_queued;
  if (state_ != State::running) return;
  const auto mine = std::find_if(step.chunks.begin(), step.chunks.end(),
                                 [&](const StepChunk& c) { return c.request == story_.request; });
  ensure(mine != step.chunks.end(), "an admitted request had no chunk in a step before its first token");
  meet(step, *mine);
  if (!mine->last) return;
  enter(State::done, step.end);
  story_.finished = true;
  story_.first_token = step.end;
  ensure(story_.split.total() == story_.first_token - story_.arrival,
         "the parts of a time to first token do not sum to it");
}

void FirstTokenObserver::meet(const StepRecord& step, const StepChunk& chunk) {
  Batch alone = cost_.empty_batch();
  alone.add_chunk(chunk.tokens, chunk.offset);
  alone.sampled = chunk.last ? 1 : 0;
  MetStep& seen = story_.steps.emplace_back();
  seen.begin = step.begin;
  seen.end = step.end;
  seen.offset = chunk.offset;
  seen.tokens = chunk.tokens;
  seen.other_chunks = step.batch.chunks - 1;
  seen.other_prefill = step.batch.prefill_tokens - chunk.tokens;
  seen.decodes = step.batch.decodes;
  // A measured table may hold a larger batch that is faster; that is no debt of the others.
  seen.own = std::min(cost_.duration(alone), step.compute);
  seen.interference = step.compute - seen.own;
  seen.waited = (step.end - step.begin) - step.compute;
  story_.split.own_prefill += seen.own;
  story_.split.interference += seen.interference;
  story_.split.loads += seen.waited;
}

void FirstTokenObserver::on_request(RequestEvent event, RequestId request, ReplicaId replica, Tokens tokens, Time now) {
  if (crowds_.size() <= replica.index()) crowds_.resize(replica.index() + 1);
  Crowd& crowd = crowds_[replica.index()];
  if (request == story_.request && state_ != State::done) {
    story_.events.push_back({event, tokens, now});
    switch (event) {
      case RequestEvent::arrived:
        story_.arrived = true;
        story_.replica = replica;
        story_.arrival = now;
        story_.waiting_ahead = crowd.waiting;
        story_.running_ahead = crowd.running;
        enter(State::queued, now);
        break;
      case RequestEvent::rejected:
        story_.rejected = true;
        story_.replica = replica;
        story_.arrival = now;
        break;
      case RequestEvent::loading:
        if (state_ == State::queued) enter(State::loading, now);
        break;
      case RequestEvent::loaded:
        if (state_ == State::loading) enter(State::queued, now);
        break;
      case RequestEvent::admitted:
        enter(State::running, now);
        break;
      case RequestEvent::preempted:
        enter(State::preempted, now);
        break;
      case RequestEvent::completed:
        break;
    }
  }
  count(event, crowd);
}

void FirstTokenObserver::count(RequestEvent event, Crowd& crowd) {
  switch (event) {
    case RequestEvent::arrived:
      ++crowd.waiting;
      break;
    case RequestEvent::admitted:
      --crowd.waiting, ++crowd.running;
      break;
    case RequestEvent::preempted:
      ++crowd.waiting, --crowd.running;
      break;
    case RequestEvent::completed:
      --crowd.running;
      break;
    case RequestEvent::rejected:
    case RequestEvent::loading:
    case RequestEvent::loaded:
      break;
  }
}

/// Books the time in the state that ends; steps book their own.
void FirstTokenObserver::enter(State state, Time now) {
  const Duration spent = now - since_;
  if (state_ == State::queued) story_.split.queue += spent;
  if (state_ == State::loading) story_.split.loads += spent;
  if (state_ == State::preempted) story_.split.preemptions += spent;
  state_ = state;
  since_ = now;
}

void FirstTokenObserver::on_flow(const FlowRecord& flow) {
  if (state_ == State::absent || state_ == State::done) return;
  const bool own = flow.move.kind == MoveKind::load && flow.move.request == story_.request;
  (own ? story_.flows : others_).push_back(met(flow));
}

FirstTokenStory FirstTokenObserver::story() const {
  FirstTokenStory story = story_;
  for (MetFlow& flow : story.flows) {
    for (const MetFlow& other : others_) {
      if (!shared_a_link(flow, other)) continue;
      ++flow.sharing;
      flow.sharing_bytes += other.bytes;
    }
  }
  return story;
}

}  // namespace tiersim
