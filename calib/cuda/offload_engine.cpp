#include "calib/cuda/offload_engine.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace tiersim::calib {
namespace {

using enum OffloadTier;

std::size_t index_of(OffloadTier tier) { return static_cast<std::size_t>(tier); }
OffloadTier above(OffloadTier tier) { return tier == drive ? dram : hbm; }

/// Of a block that is nobody else's: below all ids of traces.
std::int64_t private_content(std::int64_t request, int position) { return -(request << 20) - position - 1; }

}  // namespace

OffloadEngine::OffloadEngine(const OffloadSetup& setup, OffloadMachine& machine)
    : machine_(machine),
      tiers_{FrameCache{setup.frames[0], setup.eviction}, FrameCache{setup.frames[1], setup.eviction},
             FrameCache{setup.frames[2], setup.eviction}} {}

std::vector<OffloadedRequest> OffloadEngine::serve(std::span<const OffloadRequest> requests,
                                                   const std::function<bool()>& stop) {
  std::vector<OffloadedRequest> rows;
  for (std::size_t i = 0; i < requests.size() && !stop(); ++i) {
    rows.push_back(serve_one(requests[i], static_cast<std::int64_t>(i)));
  }
  return rows;
}

OffloadedRequest OffloadEngine::serve_one(const OffloadRequest& request, std::int64_t index) {
  OffloadedRequest row;
  row.prompt = request.prompt;
  row.output = request.output;
  row.queued = machine_.now();
  take_ended(false);
  Working working;
  const std::vector<Found> found = find(request);
  for (const Found& block : found) ++row.hits[index_of(block.tier)];
  const double looked_up = machine_.now();
  load(request, found, working);
  const double loaded = machine_.now();
  row.computed = request.prompt - working.found * kOffloadBlock;

  const int named = static_cast<int>(request.blocks.size());
  const int of_prompt = std::min(named, request.prompt / kOffloadBlock);
  grow(request, index, request.prompt_blocks(), working);
  const auto sequence = [&]() -> OffloadSequence {
    return {working.frames, working.contents, request.prompt, request.output, working.found};
  };
  machine_.compute_prompt(sequence());
  row.first_token = machine_.now();
  name(request, working.found, of_prompt, working);
  offer(request, 0, of_prompt, working, row);

  grow(request, index, request.all_blocks(), working);
  machine_.compute_answer(sequence());
  row.end = machine_.now();
  name(request, of_prompt, named, working);
  offer(request, of_prompt, named, working, row);
  for (const int frame : working.frames) cache(hbm).unpin(frame);

  row.lookup = looked_up - row.queued;
  row.load_wait = loaded - looked_up;
  row.prefill = row.first_token - loaded;
  row.decode = row.end - row.first_token;
  return row;
}

/// Pins what it finds.
std::vector<OffloadEngine::Found> OffloadEngine::find(const OffloadRequest& request) {
  std::vector<Found> found;
  for (int i = 0; i < request.reusable_blocks(); ++i) {
    const std::int64_t block = request.blocks[static_cast<std::size_t>(i)];
    const std::size_t before = found.size();
    for (const OffloadTier tier : {hbm, dram, drive}) {
      const int frame = cache(tier).find(block);
      if (frame < 0) continue;
      cache(tier).pin(frame);
      cache(tier).use(frame);
      found.push_back({tier, frame});
      break;
    }
    if (found.size() == before) break;
  }
  return found;
}

void OffloadEngine::load(const OffloadRequest& request, std::span<const Found> found, Working& working) {
  std::vector<FrameLoad> loads;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const int frame = found[i].tier == hbm ? found[i].frame : take_hbm();
    if (found[i].tier != hbm) loads.push_back({found[i].tier, found[i].frame, frame});
    working.frames.push_back(frame);
    working.contents.push_back(request.blocks[i]);
  }
  working.found = static_cast<int>(found.size());
  if (loads.empty()) return;
  machine_.load(loads);
  for (const FrameLoad& one : loads) cache(one.from).unpin(one.frame);
  name(request, 0, working.found, working);
}

void OffloadEngine::grow(const OffloadRequest& request, std::int64_t index, int blocks, Working& working) {
  while (static_cast<int>(working.frames.size()) < blocks) {
    const std::size_t position = working.frames.size();
    working.frames.push_back(take_hbm());
    working.contents.push_back(position < request.blocks.size() ? request.blocks[position]
                                                                : private_content(index, static_cast<int>(position)));
  }
}

/// A block that HBM has elsewhere already (the last of a prompt of whole blocks is computed anew) stays private.
void OffloadEngine::name(const OffloadRequest& request, int first, int last, const Working& working) {
  for (int i = first; i < last; ++i) {
    const auto position = static_cast<std::size_t>(i);
    if (cache(hbm).find(request.blocks[position]) < 0)
      cache(hbm).name(working.frames[position], request.blocks[position]);
  }
}

void OffloadEngine::offer(const OffloadRequest& request, int first, int last, const Working& working,
                          OffloadedRequest& row) {
  take_ended(false);
  for (int i = first; i < last; ++i) {
    const auto position = static_cast<std::size_t>(i);
    const std::int64_t block = request.blocks[position];
    const int there = cache(dram).find(block);
    if (there >= 0) cache(dram).use(there);
    if (there >= 0 || arriving_[index_of(dram)].contains(block)) continue;
    ++(start_write(dram, block, working.frames[position]) ? row.written : row.left_out);
  }
}

/// The source is pinned until the write has ended. False if no frame can be had.
bool OffloadEngine::start_write(OffloadTier to, std::int64_t block, int from) {
  const int target = cache(to).take();
  if (target < 0) return false;
  cache(above(to)).pin(from);
  arriving_[index_of(to)].insert(block);
  const FrameWrite write{next_write_++, to, from, target};
  writes_.emplace(write.number, UnderWay{write, block});
  machine_.start_write(write);
  return true;
}

void OffloadEngine::take_ended(bool wait) {
  for (const std::uint64_t number : machine_.ended_writes(wait && !writes_.empty())) {
    const auto [write, block] = writes_.at(number);
    writes_.erase(number);
    arriving_[index_of(write.to)].erase(block);
    cache(write.to).name(write.target, block);
    if (write.to == dram && cache(drive).find(block) < 0 && !arriving_[index_of(drive)].contains(block)) {
      start_write(drive, block, write.target);
    }
    cache(write.to).unpin(write.target);
    cache(above(write.to)).unpin(write.from);
  }
}

int OffloadEngine::take_hbm() {
  for (;;) {
    const int frame = cache(hbm).take();
    if (frame >= 0) return frame;
    if (writes_.empty()) {
      throw std::invalid_argument("HBM has too few frames for the largest request: give it more with --hbm-frames");
    }
    take_ended(true);
  }
}

void OffloadEngine::drain() {
  while (!writes_.empty()) take_ended(true);
}

}  // namespace tiersim::calib
