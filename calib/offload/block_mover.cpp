#include "calib/offload/block_mover.hpp"

namespace tiersim::calib {

BlockMover::~BlockMover() {
  tags_.resize(io_.depth());
  while (io_.in_flight() > 0) {
    try {
      io_.reap(tags_, 1);
    } catch (const std::exception&) {  // an I/O that failed has ended too
    }
  }
}

BlockMover::Transfer BlockMover::start(IoKind kind, std::span<const BlockMove> blocks) {
  const Transfer transfer = left_.size();
  left_.push_back(blocks.size());
  for (const BlockMove& block : blocks) {
    (kind == IoKind::read ? reads_ : writes_)
        .push_back({kind, file_, block.memory, block_bytes_, block.frame * block_bytes_, transfer});
  }
  submit();
  return transfer;
}

void BlockMover::submit() {
  batch_.clear();
  for (std::deque<IoRequest>* queue : {&reads_, &writes_}) {
    while (!queue->empty() && io_.in_flight() + batch_.size() < io_.depth()) {
      batch_.push_back(queue->front());
      queue->pop_front();
    }
  }
  if (!batch_.empty()) io_.submit(batch_);
}

void BlockMover::poll(bool wait, std::vector<Transfer>& ended) {
  if (io_.in_flight() == 0) return;
  tags_.resize(io_.depth());
  const std::size_t count = io_.reap(tags_, wait ? 1 : 0);
  for (std::size_t i = 0; i < count; ++i) {
    if (--left_[tags_[i]] == 0) ended.push_back(tags_[i]);
  }
  submit();
}

}  // namespace tiersim::calib
