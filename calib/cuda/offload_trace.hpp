#pragma once
/// The requests that the offload loop serves: read from a CSV file, or a generated chat.
///
/// A request says how long prompt and answer are and which blocks of kOffloadBlock tokens they make, head first: equal
/// ids are equal content. Blocks behind the last id are nobody else's. The file has the header
/// prompt_tokens,output_tokens,blocks and a line per request, ids separated by spaces. Errors of reading:
/// std::runtime_error with file, line and what is expected. Deterministic.
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace tiersim::calib {

constexpr int kOffloadBlock = 16;  ///< tokens

struct OffloadRequest {
  int prompt = 0, output = 0;  ///< tokens, at least 1 each
  std::vector<std::int64_t> blocks;
  [[nodiscard]] int prompt_blocks() const { return (prompt + kOffloadBlock - 1) / kOffloadBlock; }
  [[nodiscard]] int all_blocks() const { return (prompt + output + kOffloadBlock - 1) / kOffloadBlock; }
  /// Blocks that may be found rather than computed: whole ones, and the last token of a prompt is always computed.
  [[nodiscard]] int reusable_blocks() const;
};

[[nodiscard]] std::vector<OffloadRequest> read_offload_trace(std::istream& in, const std::string& name);
void write_offload_trace(std::ostream& out, const std::vector<OffloadRequest>& requests);

/// Sessions of several turns, interleaved: each turn's prompt is the whole talk so far and a new question.
[[nodiscard]] std::vector<OffloadRequest> generated_chat(std::uint64_t seed, std::int64_t requests);

}  // namespace tiersim::calib
