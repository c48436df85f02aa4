// The transfer engine's drives: the flash behind their links, and the write caches before it.
#include <algorithm>
#include <cmath>

#include "sim/core/diagnostics.hpp"
#include "sim/transfer/link_limits.hpp"
#include "sim/transfer/transfer_engine.hpp"

namespace tiersim {

void TransferEngine::add_cache(std::uint32_t media) {
  cache_of_media_[media] = static_cast<std::uint32_t>(caches_.size());
  caches_.emplace_back(static_cast<double>(media_[media].cache.value()));
  const MediaUse use = drain_use(media_[media]);
  Drain& drain = drains_.emplace_back();
  add_media(drain.constraints, drain.weights, media, use.array, use.bus);
  drain.ceiling = per_nanosecond(media_[media].steady_write());
}

/// The flash behind the drives of the route; last that behind a write cache, which is the one that it writes into.
void TransferEngine::cross_media(Flow& flow, double bytes) const {
  const auto add = [&](const hw::DirectedLink& link, const hw::MediaSpec& media) {
    const MediaUse use = media_use(link, media, bytes, static_cast<double>(flow.operations.value()));
    flow.weights.resize(flow.constraints.size(), 1.0);
    add_media(flow.constraints, flow.weights, link.media, use.array, use.bus);
    return use;
  };
  const hw::DirectedLink* into_cache = nullptr;
  for (LinkId id : flow.route) {
    const hw::DirectedLink& link = links_[id.index()];
    if (link.media == kNone) continue;
    const hw::MediaSpec& media = media_[link.media];
    if (link.writes && media.cache > Bytes(0)) {
      ensure(into_cache == nullptr, "a flow into two write caches");
      into_cache = &link;
      continue;
    }
    const MediaUse use = add(link, media);
    flow.ceiling = std::min(flow.ceiling, per_nanosecond(media.array) / use.array);
    if (media.bus.value() > 0) flow.ceiling = std::min(flow.ceiling, per_nanosecond(media.bus) / use.bus);
  }
  if (into_cache == nullptr) return;
  flow.cache = cache_of_media_[into_cache->media];
  flow.before_cache = flow.constraints.size();
  const hw::MediaSpec& media = media_[into_cache->media];
  flow.paged = add(*into_cache, media).array / drain_use(media).array;
}

void TransferEngine::add_media(std::vector<ConstraintIndex>& constraints, std::vector<double>& weights,
                               std::uint32_t media, double array, double bus) const {
  constraints.push_back(first_media_ + 2 * media);
  weights.push_back(array);
  if (media_[media].bus.value() <= 0) return;
  constraints.push_back(first_media_ + 2 * media + 1);
  weights.push_back(bus);
}

Bytes TransferEngine::device_bytes(const hw::DirectedLink& link, const Flow& flow) const {
  if (link.media == kNone) return flow.bytes;
  const hw::MediaSpec& media = media_[link.media];
  const Bytes pages = in_pages(media.page, flow.bytes, flow.operations);
  if (!link.writes) return pages;
  return Bytes(std::llround(static_cast<double>(pages.value()) * media.write_amplification));
}

/// What the flow shares: all that it crosses, but not the flash behind an open cache.
FlowShare TransferEngine::share_of(const Flow& flow) const {
  std::span<const ConstraintIndex> constraints = flow.constraints;
  std::span<const double> weights = flow.weights;
  if (flow.cache != kNone && !caches_[flow.cache].closed()) {
    constraints = constraints.first(flow.before_cache);
    weights = weights.first(flow.before_cache);
  }
  return {.constraints = constraints, .weights = weights, .ceiling = flow.ceiling};
}

void TransferEngine::add_drains(std::vector<FlowShare>& shares) const {
  for (std::size_t c = 0; c < caches_.size(); ++c) {
    if (caches_[c].closed()) continue;
    shares.push_back(
        {.constraints = drains_[c].constraints, .weights = drains_[c].weights, .ceiling = drains_[c].ceiling});
  }
}

/// The rates of the moving flows; with the caches that they fill, each time that one closes anew.
void TransferEngine::solve(Time now) {
  if (caches_.empty()) return solver_.solve(shares_);
  for (WriteCache& cache : caches_) cache.settle(now);
  do {
    for (std::size_t i = 0; i < moving_.size(); ++i) shares_[i] = share_of(flows_[moving_[i].slot]);
    add_drains(shares_);
    solver_.solve(shares_);
  } while (close_caches());
  if (moving_.empty()) return;  // nobody waits for what the caches do
  for (WriteCache& cache : caches_) cache.watch();
}

/// Tells the open caches their rates and takes their drains out of the shares; true if one closed.
bool TransferEngine::close_caches() {
  std::fill(cache_in_.begin(), cache_in_.end(), 0.0);
  for (std::size_t i = 0; i < moving_.size(); ++i) {
    const Flow& flow = flows_[moving_[i].slot];
    if (flow.cache != kNone) cache_in_[flow.cache] += shares_[i].rate * flow.paged;
  }
  std::size_t drain = moving_.size();
  bool closed = false;
  for (std::size_t c = 0; c < caches_.size(); ++c)
    if (!caches_[c].closed()) closed |= caches_[c].close_if_bound(cache_in_[c], shares_[drain++].rate);
  shares_.resize(moving_.size());
  return closed;
}

double TransferEngine::cached(std::size_t media) const {
  return cache_of_media_[media] == kNone ? 0.0 : caches_[cache_of_media_[media]].level();
}

}  // namespace tiersim
