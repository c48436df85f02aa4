#pragma once
/// Contents that have left, remembered by number for a while: the ghost lists of 2Q, ARC, S3-FIFO and their kin.
///
/// First in, first out, `most` of them; any can be taken out. Contents at or above the number given (those without
/// identity) are never remembered. O(1); 8 bytes a content, occupied when first used.
#include <cstddef>
#include <cstdint>

#include "sim/core/index_list.hpp"

namespace tiersim {

class Ghosts {
 public:
  Ghosts(std::size_t contents, std::size_t most) : contents_(contents), most_(most), list_(contents) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool contains(std::uint32_t content) const { return content < contents_ && list_.contains(content); }
  void remember(std::uint32_t content) {
    if (content >= contents_ || most_ == 0) return;
    if (size_ == most_) drop_oldest();
    list_.push_back(content);
    ++size_;
  }
  void forget(std::uint32_t content) {
    list_.erase(content);
    --size_;
  }
  void drop_oldest() {
    list_.pop_front();
    --size_;
  }

 private:
  std::size_t contents_, most_, size_ = 0;
  IndexList list_;
};

}  // namespace tiersim
