#include "sim/memory/tier.hpp"

#include <algorithm>

#include "sim/core/diagnostics.hpp"

namespace tiersim {

std::size_t Tier::frames_needed(std::int64_t capacity, std::size_t contents, bool unlimited, bool any_content) {
  const auto frames = static_cast<std::size_t>(capacity);
  if (unlimited) return (any_content ? frames : 0) + contents;
  return any_content ? frames : std::min(frames, contents);
}

Tier::Tier(TierSetup setup, std::size_t frames)
    : capacity_(setup.capacity),
      unlimited_(setup.unlimited),
      policy_(std::move(setup.policy)),
      frame_of_(setup.named_blocks),
      block_in_(frames),
      references_(frames) {
  if (!unlimited_) capacity_ = std::min<std::int64_t>(capacity_, static_cast<std::int64_t>(frames));
}

FrameId Tier::take_empty() {
  if (emptied_.empty()) return FrameId(never_used_++);
  const FrameId frame = emptied_.back();
  emptied_.pop_back();
  return frame;
}

void Tier::acquire(const BlockRun& run, Time now) {
  policy_->on_access(run, now);
  for (FrameId f : run.frames) referenced_ += references_[f.index()]++ == 0;
}

void Tier::pin(std::span<const FrameId> frames) {
  for (FrameId f : frames) ++references_[f.index()];
}

void Tier::forget(FrameId frame) {
  const BlockId block = block_in(frame);
  if (is_named(block)) {  // then it is the one that is found
    frame_of_[block.index()] = 0;
    --resident_;
    ++removed_;
  }
  block_in_[frame.index()] = 0;
}

bool Tier::allocate(std::int64_t count, std::vector<FrameId>& out, std::vector<BlockId>& evicted, Time now) {
  if (available() < count) return false;
  const auto wanted = static_cast<std::size_t>(count);
  const std::size_t from_empty = std::min(wanted, emptied_.size() + (references_.size() - never_used_));
  for (std::size_t i = 0; i < from_empty; ++i) {
    out.push_back(take_empty());
    references_[out.back().index()] = 1;
  }
  if (from_empty < wanted) {
    victims_.resize(wanted - from_empty);
    const std::size_t found = policy_->evict(victims_, PinView(references_), now);
    ensure(found == victims_.size(), "an eviction policy found fewer victims than are unreferenced");
    for (FrameId f : victims_) {
      if (is_named(block_in(f))) evicted.push_back(block_in(f)), ++evicted_;
      forget(f);
      references_[f.index()] = 1;
      out.push_back(f);
    }
  }
  referenced_ += count;
  return true;
}

void Tier::set_content(FrameId frame, BlockId block) {
  if (is_named(block)) {
    if (frame_of_[block.index()] != 0) return;
    frame_of_[block.index()] = frame.value() + 1;
    ++resident_;
    ++inserted_;
  }
  block_in_[frame.index()] = block.value() + 1;
}

void Tier::insert(const BlockRun& run, Time now) {
  for (std::size_t i = 0; i < run.blocks.size(); ++i) set_content(run.frames[i], run.blocks[i]);
  contents_.clear();
  for (FrameId f : run.frames) contents_.push_back(block_in(f));
  BlockRun told = run;
  told.blocks = contents_;
  policy_->on_insert(told, now);
}

void Tier::release(const BlockRun& run, Time now) {
  newly_free_.clear();
  contents_.clear();
  for (FrameId f : run.frames) {
    if (--references_[f.index()] > 0) continue;
    --referenced_;
    const BlockId block = block_in(f);
    if (unlimited_ && block.is_none()) {  // nothing to find again: no reason to hold it
      policy_->on_remove(f);
      emptied_.push_back(f);
      continue;
    }
    newly_free_.push_back(f);
    contents_.push_back(block);
  }
  BlockRun freed = run;
  freed.frames = newly_free_;
  freed.blocks = contents_;
  if (!newly_free_.empty()) policy_->on_release(freed, now);
}

void Tier::drop(FrameId frame) {
  policy_->on_remove(frame);
  forget(frame);
  emptied_.push_back(frame);
}

}  // namespace tiersim
