#include "tools/tiersim/why_view.hpp"

#include <fmt/format.h>

#include "sim/report/human.hpp"
#include "sim/serving/workload.hpp"
#include "tools/tiersim/text.hpp"

namespace tiersim::cli {
namespace {

std::string split_view(const FirstTokenStory& story) {
  const FirstTokenSplit& s = story.split;
  const auto row = [&](const char* what, Duration part, const std::string& note) {
    const double share = 100.0 * static_cast<double>(part.value()) / static_cast<double>(s.total().value());
    return fmt::format("  {:<24}{:>20}  {:>5.1f}%  {}\n", what, exactly(part), share, note);
  };
  return fmt::format("  {:<24}{:>20}\n", "time to first token", exactly(s.total())) +
         row("  queue", s.queue,
             fmt::format("{} ahead of it, {} running; {} passed", human::counted(story.waiting_ahead, "request"),
                         human::grouped(story.running_ahead), human::counted(story.steps_while_queued, "step"))) +
         row("  waiting for loads", s.loads, human::counted(static_cast<std::int64_t>(story.flows.size()), "flow")) +
         row("  own prefill", s.own_prefill, human::counted(static_cast<std::int64_t>(story.steps.size()), "step")) +
         row("  interference of others", s.interference, "what the same steps took longer") +
         row("  preemptions", s.preemptions, "until it was admitted again");
}

/// The rule of Replica::enqueue that the request fails.
std::string rejection_text(RequestId request, const ResolvedScenario& scenario) {
  const ServingSettings& s = scenario.settings;
  const Workload workload(scenario.trace, s.block);
  const std::int64_t tokens = workload.prompt(request) + workload.output(request);
  if (tokens > s.engine.max_context.value())
    return fmt::format("is rejected: prompt and output are {} tokens, the context is {} (serving.max_context)",
                       human::grouped(tokens), human::grouped(s.engine.max_context.value()));
  return fmt::format("is rejected: it needs {}, a replica has {}",
                     human::counted(workload.most_blocks(request), "block"), human::grouped(s.hbm.blocks));
}

std::string event_text(const MetEvent& e, const FirstTokenStory& story, const ResolvedScenario& scenario) {
  const std::string tokens = human::counted(e.tokens.value(), "token");
  switch (e.event) {
    case RequestEvent::arrived:
      return "arrives";
    case RequestEvent::rejected:
      return rejection_text(story.request, scenario);
    case RequestEvent::loading:
      return "starts to load; prefix found: " + tokens;
    case RequestEvent::loaded:
      return "has its blocks";
    case RequestEvent::admitted:
      return "is admitted with " + tokens + " already computed";
    case RequestEvent::preempted:
      return "is preempted; lost: " + tokens;
    case RequestEvent::completed:
      return "is complete";
  }
  return {};
}

std::string events_view(const FirstTokenStory& story, const ResolvedScenario& scenario) {
  std::string out = "\n  what befell it\n";
  for (const MetEvent& e : story.events)
    out += fmt::format("  {:>22}  {}\n", exactly(e.at), event_text(e, story, scenario));
  if (story.finished) out += fmt::format("  {:>22}  has its first token\n", exactly(story.first_token));
  return out;
}

/// Lines for the first and last of `items`, and how many lie between.
template <class Item, class Line>
std::string abridged(const std::vector<Item>& items, std::size_t rows, Line line) {
  std::string out;
  const std::size_t head = items.size() <= rows ? items.size() : (rows + 1) / 2;
  const std::size_t tail = items.size() <= rows ? 0 : rows - head;
  for (std::size_t i = 0; i < head; ++i) out += line(items[i]);
  if (head + tail < items.size())
    out += fmt::format("  {:>22}\n", fmt::format("... {} more", items.size() - head - tail));
  for (std::size_t i = items.size() - tail; i < items.size(); ++i) out += line(items[i]);
  return out;
}

std::string steps_view(const FirstTokenStory& story, std::size_t rows) {
  if (story.steps.empty()) return {};
  return fmt::format("\n  its steps\n  {:>22} {:>17} {:>19} {:>19} {:>17} {:>17} {:>17}\n", "begin", "took",
                     "its tokens", "others", "own", "interference", "waited") +
         abridged(story.steps, rows, [](const MetStep& s) {
           const std::string mine =
               fmt::format("{} at {}", human::grouped(s.tokens.value()), human::grouped(s.offset.value()));
           const std::string others =
               fmt::format("{} + {} decodes", human::grouped(s.other_prefill.value()), s.decodes);
           return fmt::format("  {:>22} {:>17} {:>19} {:>19} {:>17} {:>17} {:>17}\n", exactly(s.begin),
                              exactly(s.end - s.begin), mine, others, exactly(s.own), exactly(s.interference),
                              exactly(s.waited));
         });
}

std::string flows_view(const FirstTokenStory& story, const ResolvedScenario& scenario, std::size_t rows) {
  if (story.flows.empty()) return {};
  const hw::Topology topology(scenario.settings.machine);
  const auto route_of = [&](const MetFlow& f) {
    std::string out;
    for (const LinkId link : f.route)
      out += (out.empty() ? "" : ", ") + std::string(topology.links()[link.index()].name);
    return out;
  };
  return fmt::format("\n  its loads\n  {:>22} {:>17} {:>17} {:>10}  {}\n", "begin", "waited for links", "moved for",
                     "bytes", "from, over, beside") +
         abridged(story.flows, rows, [&](const MetFlow& f) {
           return fmt::format(
               "  {:>22} {:>17} {:>17} {:>10}  {}; {}; {}\n", exactly(f.started), exactly(f.moving - f.started),
               exactly(f.ended - f.moving), rough(f.bytes), scenario.settings.lower[f.source - 1].name, route_of(f),
               f.sharing == 0
                   ? "alone"
                   : fmt::format("{} ({})", human::counted(f.sharing, "other flow"), rough(f.sharing_bytes)));
         });
}

}  // namespace

std::string why_view(const FirstTokenStory& story, const ResolvedScenario& scenario, std::size_t rows) {
  const traces::Trace& trace = scenario.trace;
  std::string out = fmt::format("request {} of {}: {} prompt, {} output tokens; replica {}\n", story.request.value(),
                                scenario.scenario.path, human::grouped(trace.prompt_tokens(story.request)),
                                human::grouped(trace.output_tokens(story.request)), story.replica.value());
  if (story.finished) out += "\n" + split_view(story);
  return out + events_view(story, scenario) + steps_view(story, rows) + flows_view(story, scenario, rows);
}

}  // namespace tiersim::cli
