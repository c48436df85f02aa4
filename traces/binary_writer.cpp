// Writes the binary format of FORMAT.md: header, then the columns as they lie in memory.
#include <fmt/format.h>

#include <cstring>
#include <stdexcept>
#include <vector>

#include "traces/binary_format.hpp"
#include "traces/readers.hpp"
#include "traces/whole_file.hpp"

namespace tiersim::traces {
namespace {

using binary::Header;

std::uint64_t aligned(std::uint64_t offset) {
  return (offset + binary::kAlignment - 1) / binary::kAlignment * binary::kAlignment;
}

/// The whole file in memory: it is built once, so that the checksum is known before the first byte is written.
class Image {
 public:
  Image(const Trace& trace, const NextUses& uses) : columns_(trace.columns()), uses_(uses) {
    header_.requests = trace.size();
    header_.extents = columns_.extents.size();
    header_.next_uses = uses.runs.size();
    header_.block_tokens = trace.block_tokens();
    header_.distinct_blocks = trace.distinct_blocks();
    lay_out();
    fill();
  }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  void lay_out() {
    std::uint64_t end = sizeof(Header);
    for (std::size_t s = 0; s < binary::section_count; ++s) {
      header_.offsets[s] = aligned(end);
      end = header_.offsets[s] + header_.entries(static_cast<binary::Section>(s)) * binary::kEntryBytes[s];
    }
    header_.file_bytes = end;
    bytes_.resize(end);
  }

  void fill() {
    put(binary::arrival, columns_.arrival);
    put(binary::prompt_tokens, columns_.prompt_tokens);
    put(binary::output_tokens, columns_.output_tokens);
    put(binary::identified_tokens, columns_.identified_tokens);
    put(binary::previous, columns_.previous);
    put(binary::think_time, columns_.think_time);
    put(binary::extent_offsets, columns_.extent_offsets);
    put(binary::extents, columns_.extents);
    put(binary::next_use_offsets, uses_.offsets);
    put(binary::next_uses, uses_.runs);
    std::memcpy(bytes_.data(), &header_, sizeof(Header));
    header_.checksum = hash_bytes(std::span(bytes_).subspan(binary::kChecksummedFrom));
    std::memcpy(bytes_.data(), &header_, sizeof(Header));
  }

  template <class T>
  void put(binary::Section section, std::span<const T> column) {
    if (!column.empty()) std::memcpy(bytes_.data() + header_.offsets[section], column.data(), column.size_bytes());
  }

  const Trace::Columns& columns_;
  const NextUses& uses_;
  Header header_;
  std::vector<std::byte> bytes_;
};

}  // namespace

void write_binary(const Trace& trace, const std::string& path) {
  if (trace.size() == 0) throw std::runtime_error(fmt::format("cannot write '{}': the trace is empty", path));
  const NextUses uses = next_uses(trace);
  write_whole_file(Image(trace, uses).bytes(), path);
}

}  // namespace tiersim::traces
