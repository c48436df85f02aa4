#include "hw/topology.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/config/units_text.hpp"

namespace tiersim::hw {

Topology::Topology(const MachineSpec& machine) {
  for (std::int64_t i = 0; i < machine.gpus; ++i) gpus_.push_back(add_place(fmt::format("gpu{}", i)));
  const PlaceId host = add_place("host");
  for (std::size_t i = 0; i < gpus_.size(); ++i) {
    add_link(machine.gpu_link, host, gpus_[i], fmt::format("pcie{} h2d", i), fmt::format("pcie{} d2h", i));
  }
  const PlaceId peers = add_peers(machine, host);
  for (const StorageSpec& storage : machine.storage) {
    storage_.push_back(add_place(storage.name));
    add_link(storage.link, storage_.back(), storage.over_nvlink ? peers : host, storage.name + " read",
             storage.name + " write");
  }
  if (peers != host) add_nvlinks(machine, peers);
  find_dram(machine);
  routes_ = find_routes(places(), edges_);
}

Topology::Topology(std::vector<DirectedLink> links, std::vector<BytesPerSecond> duplex_caps,
                   std::vector<MediaSpec> media)
    : links_(std::move(links)), duplex_caps_(std::move(duplex_caps)), media_(std::move(media)) {}

PlaceId Topology::add_place(std::string name) {
  names_.push_back(std::move(name));
  return PlaceId(names_.size() - 1);
}

PlaceId Topology::add_peers(const MachineSpec& machine, PlaceId host) {
  const auto over = [](const StorageSpec& storage) { return storage.over_nvlink; };
  return std::any_of(machine.storage.begin(), machine.storage.end(), over) ? add_place("nvlink") : host;
}

void Topology::add_nvlinks(const MachineSpec& machine, PlaceId nvlink) {
  const LinkSpec link{.bandwidth = machine.gpu.nvlink_bandwidth, .bandwidth_down = machine.gpu.nvlink_bandwidth};
  for (std::size_t i = 0; i < gpus_.size(); ++i) {
    add_link(link, nvlink, gpus_[i], fmt::format("nvlink{} in", i), fmt::format("nvlink{} out", i));
  }
}

void Topology::find_dram(const MachineSpec& machine) {
  const auto is_dram = [](const StorageSpec& storage) { return storage.name == "dram"; };
  const auto at = std::find_if(machine.storage.begin(), machine.storage.end(), is_dram);
  if (at == machine.storage.end()) return;
  const auto read = 2 * (gpus_.size() + static_cast<std::size_t>(at - machine.storage.begin()));
  for (DirectedLink& link : links_)
    if (link.staging.value() > 0) link.dram = LinkId(read);
}

void Topology::add_link(const LinkSpec& spec, PlaceId lower, PlaceId upper, std::string up, std::string down) {
  DirectedLink link{.name = std::move(up),
                    .bandwidth = spec.bandwidth,
                    .latency = spec.latency,
                    .per_operation = spec.per_operation,
                    .half_size = spec.half_size,
                    .sharing = spec.sharing,
                    .queue_depth = spec.queue_depth,
                    .single_stream = spec.single_stream,
                    .iops = spec.read_iops,
                    .ridge = spec.ridge,
                    .staging = spec.staging};
  if (spec.media.modelled()) {
    link.media = static_cast<std::uint32_t>(media_.size());
    media_.push_back(spec.media);
  }
  if (spec.duplex_cap > BytesPerSecond(0)) {
    link.duplex = static_cast<std::uint32_t>(duplex_caps_.size());
    duplex_caps_.push_back(spec.duplex_cap);
  }
  links_.push_back(link);
  edges_.push_back({lower, upper, spec.bandwidth});
  link.name = std::move(down);
  link.bandwidth = spec.bandwidth_down;
  link.iops = spec.write_iops;
  link.writes = link.media != UINT32_MAX;
  if (spec.media.write_latency > Duration(0)) link.latency = spec.media.write_latency;
  if (spec.media.cache > Bytes(0)) link.single_stream = BytesPerSecond(0);  // acknowledged before any channel has it
  links_.push_back(std::move(link));
  edges_.push_back({upper, lower, spec.bandwidth_down});
}

std::string Topology::dot() const {
  std::string out = "digraph machine {\n  rankdir=LR;\n  node [shape=box];\n";
  for (const std::string& name : names_) out += fmt::format("  \"{}\";\n", name);
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    out += fmt::format("  \"{}\" -> \"{}\" [label=\"{}\\n{} {}\"];\n", name(edges_[i].from), name(edges_[i].to),
                       links_[i].name, config::text_of(links_[i].bandwidth),
                       links_[i].sharing == Sharing::fifo ? "fifo" : "fair");
  }
  return out + "}\n";
}

}  // namespace tiersim::hw
