#pragma once
/// The machine as a graph of places (GPU memories, storage, the host's root) and directed links; routes over it.
///
/// Built once from a MachineSpec. Places: "gpu0" .., "host" (the root that every link meets), then each storage by its
/// name. A physical link is two LinkIds, one a direction; 2k goes up (towards the GPUs), 2k + 1 down; k counts the
/// GPUs' links ("pcie0 h2d", "pcie0 d2h"), then the storages' ("dram read", "dram write"). Storages over NVLink (the
/// memory of peer GPUs) meet at a place "nvlink" instead, with a link to each GPU ("nvlink0 in", "nvlink0 out") after
/// all others. Routes (hw/routes.hpp): fewest hops, then widest, then lowest link ids; found at construction; lookups
/// are O(1).
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hw/device_spec.hpp"
#include "hw/routes.hpp"
#include "sim/core/ids.hpp"

namespace tiersim::hw {

/// One direction of a link, as the transfer engine sees it.
struct DirectedLink {
  std::string name{};  ///< "pcie0 h2d"
  BytesPerSecond bandwidth{};
  Duration latency{};
  Duration per_operation{};
  Bytes half_size{};
  Sharing sharing = Sharing::fair;
  std::uint32_t duplex = UINT32_MAX;  ///< index of the duplex cap that both directions share, or none
  // Of a drive; zeros where there are none (LinkSpec).
  std::int64_t queue_depth = 0;
  BytesPerSecond single_stream{0};
  double iops = 0;
  double ridge = 0;
  std::uint32_t media = UINT32_MAX;  ///< index of the media that both directions share, or none
  bool writes = false;               ///< into those media
  // Of a GPU's link to pageable host memory.
  BytesPerSecond staging{0};
  LinkId dram = LinkId::none();  ///< the DRAM's read direction; the next one is its write direction
};

class Topology {
 public:
  explicit Topology(const MachineSpec& machine);
  /// A topology of unconnected links, for tests and tools.
  Topology(std::vector<DirectedLink> links, std::vector<BytesPerSecond> duplex_caps, std::vector<MediaSpec> media = {});

  [[nodiscard]] std::span<const DirectedLink> links() const { return links_; }
  [[nodiscard]] std::span<const BytesPerSecond> duplex_caps() const { return duplex_caps_; }
  [[nodiscard]] std::span<const MediaSpec> media() const { return media_; }
  [[nodiscard]] PlaceId gpu(std::int64_t index) const { return gpus_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] PlaceId storage(std::size_t index) const { return storage_[index]; }  ///< as in MachineSpec::storage
  [[nodiscard]] std::size_t places() const { return names_.size(); }
  [[nodiscard]] const std::string& name(PlaceId place) const { return names_[place.index()]; }
  /// Links from one place to another, in travel order; empty if they are the same or unconnected.
  [[nodiscard]] std::span<const LinkId> route(PlaceId from, PlaceId to) const {
    return routes_[from.index() * places() + to.index()];
  }
  /// Graphviz text, stable order.
  [[nodiscard]] std::string dot() const;

 private:
  PlaceId add_place(std::string name);
  /// The place where storages over NVLink meet; `host` if there are none.
  PlaceId add_peers(const MachineSpec& machine, PlaceId host);
  void add_nvlinks(const MachineSpec& machine, PlaceId nvlink);
  /// Lets the GPUs' links find the DRAM that pageable memory is copied in.
  void find_dram(const MachineSpec& machine);
  /// Both directions of a link: up from `lower` to `upper`.
  void add_link(const LinkSpec& spec, PlaceId lower, PlaceId upper, std::string up, std::string down);

  std::vector<DirectedLink> links_;
  std::vector<Edge> edges_;  // by LinkId; none in a topology of unconnected links
  std::vector<BytesPerSecond> duplex_caps_;
  std::vector<MediaSpec> media_;
  std::vector<std::string> names_;
  std::vector<PlaceId> gpus_, storage_;
  std::vector<std::vector<LinkId>> routes_;  // by from * places + to
};

}  // namespace tiersim::hw
