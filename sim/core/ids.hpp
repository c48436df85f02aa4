#pragma once
/// Dense 32-bit ids: each domain counts from 0, so state lives in arrays that they index.
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace tiersim {

/// An index into one domain of things; none() is no thing at all.
template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::uint32_t value) : value_(value) {}
  constexpr explicit Id(std::size_t value) : value_(static_cast<std::uint32_t>(value)) {}
  constexpr explicit Id(int value) : value_(static_cast<std::uint32_t>(value)) {}
  static constexpr Id none() { return Id(); }

  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }
  [[nodiscard]] constexpr std::size_t index() const { return value_; }
  [[nodiscard]] constexpr bool is_none() const { return value_ == kNone; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  std::uint32_t value_ = kNone;
};

using BlockId =
    Id<struct BlockTag>;  ///< an engine block's content; domain: one run (trace blocks first, private after)
using FrameId = Id<struct FrameTag>;      ///< a block's place in one tier; domain: that tier
using TierId = Id<struct TierTag>;        ///< a tier of the machine; domain: one run
using LinkId = Id<struct LinkTag>;        ///< one direction of a link; domain: one topology
using FlowId = Id<struct FlowTag>;        ///< a transfer; domain: one transfer engine, slots are used again
using RequestId = Id<struct RequestTag>;  ///< a request's place in the trace, by arrival
using SessionId = Id<struct SessionTag>;  ///< a conversation; domain: one trace
using ReplicaId = Id<struct ReplicaTag>;  ///< one engine (a tensor-parallel group); domain: one run

}  // namespace tiersim

template <class Tag>
struct std::hash<tiersim::Id<Tag>> {
  std::size_t operator()(tiersim::Id<Tag> id) const noexcept { return id.value(); }
};
