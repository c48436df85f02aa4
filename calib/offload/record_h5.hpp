#pragma once
/// offload_<trace>_<configuration>.h5: one measured configuration with the trace that it served, to be replayed.
///
/// Group "about": two columns of texts, key and value (model shape, tiers, policy, machine, its fingerprint). Group
/// "trace": prompt_tokens, output_tokens, identified_tokens per request; block_offsets (one more than requests) into
/// blocks, the ids of each request's blocks of block_tokens tokens, head first: equal ids are equal content. Groups
/// "round_0", "round_1": a column per field of ServedRequest. The same measurement gives the same bytes. Errors:
/// std::runtime_error if HDF5 fails.
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "calib/offload/engine.hpp"
#include "calib/offload/scenario.hpp"

namespace tiersim::calib {

using Facts = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] Facts offload_facts(const DecoderShape& shape, const OffloadConfiguration& configuration,
                                  std::uint64_t seed, const std::string& io, const Profile& profile);
/// "offload_chat-7-52_lru_drive.h5": generator, seed, requests, configuration.
[[nodiscard]] std::string offload_file_name(const OffloadConfiguration& configuration, std::uint64_t seed,
                                            std::size_t requests);

[[nodiscard]] std::string offload_h5(const Facts& about, const Workload& workload, std::span<const OffloadRun> rounds);

}  // namespace tiersim::calib
