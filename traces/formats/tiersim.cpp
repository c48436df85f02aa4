// Our own binary format (FORMAT.md): the columns of a Trace as they lie in memory, mapped and not copied, with the next
// uses for Belady. Everything is checked before it is trusted: header, checksum, bounds, then the Trace's own promises.
#include <fmt/format.h>

#include <cstring>

#include "traces/binary_format.hpp"
#include "traces/mapped_file.hpp"
#include "traces/readers.hpp"
#include "traces/record_errors.hpp"
#include "traces/validate.hpp"

namespace tiersim::traces {
namespace {

using binary::Header;

class BinaryParser {
 public:
  BinaryParser(std::shared_ptr<const MappedFile> file, Diagnostics& diagnostics)
      : file_(std::move(file)), errors_(file_->path(), diagnostics) {}

  Trace parse() {
    if (!read_header() || !check_sections() || !check_checksum()) return {};
    const Trace trace(columns(), header_.block_tokens, header_.distinct_blocks,
                      {file_->path(), "tiersim", file_->hash()}, file_);
    for (const Flaw& flaw : validate(trace, RecordErrors::kMost)) report(flaw);
    return errors_.any() ? Trace() : trace;
  }

 private:
  bool read_header() {
    if (file_->size() < sizeof(Header) || std::memcmp(file_->bytes().data(), &binary::kMagic, 8) != 0)
      return bad(0, "this is no tiersim trace: it does not begin with its header");
    std::memcpy(&header_, file_->bytes().data(), sizeof(Header));
    if (header_.version != binary::kVersion)
      return bad(offsetof(Header, version), fmt::format("version {} of the format, but this program reads version {}",
                                                        header_.version, binary::kVersion));
    if (header_.header_bytes != sizeof(Header))
      return bad(offsetof(Header, header_bytes), "wrong length of the header");
    if (header_.file_bytes != file_->size())
      return bad(offsetof(Header, file_bytes), fmt::format("the file has {} bytes, but its header says {}: truncated?",
                                                           file_->size(), header_.file_bytes));
    return true;
  }

  bool check_sections() {
    if (header_.requests == 0) return bad(offsetof(Header, requests), "the trace has no records");
    if (header_.requests >= kNoRequest) return bad(offsetof(Header, requests), "more requests than ids");
    for (std::size_t s = 0; s < binary::section_count; ++s) {
      const std::uint64_t offset = header_.offsets[s], entries = header_.entries(static_cast<binary::Section>(s));
      const bool inside = offset >= sizeof(Header) && offset % binary::kAlignment == 0 && offset <= file_->size() &&
                          entries <= (file_->size() - offset) / binary::kEntryBytes[s];
      if (!inside) return bad(offsetof(Header, offsets) + 8 * s, fmt::format("section {} is not inside the file", s));
    }
    return true;
  }

  bool check_checksum() {
    if (hash_bytes(file_->bytes().subspan(binary::kChecksummedFrom)) == header_.checksum) return true;
    return bad(offsetof(Header, checksum),
               "the checksum does not match: the file was damaged; convert the trace again");
  }

  template <class T>
  std::span<const T> column(binary::Section section) const {
    static_assert(alignof(T) <= binary::kAlignment);
    const std::byte* begin = file_->bytes().data() + header_.offsets[section];
    return {reinterpret_cast<const T*>(begin), header_.entries(section)};
  }

  Trace::Columns columns() const {
    return {column<std::int64_t>(binary::arrival),           column<std::uint32_t>(binary::prompt_tokens),
            column<std::uint32_t>(binary::output_tokens),    column<std::uint32_t>(binary::identified_tokens),
            column<std::uint32_t>(binary::previous),         column<std::int64_t>(binary::think_time),
            column<std::uint64_t>(binary::extent_offsets),   column<Extent>(binary::extents),
            column<std::uint64_t>(binary::next_use_offsets), column<NextUse>(binary::next_uses)};
  }

  void report(const Flaw& flaw) {
    const bool whole = flaw.request < 0;
    const std::uint64_t byte =
        header_.offsets[binary::arrival] + (whole ? 0 : static_cast<std::uint64_t>(flaw.request) * 8);
    errors_.add({whole ? -1 : flaw.request + 1, static_cast<std::int64_t>(byte)}, flaw.what);
  }

  bool bad(std::size_t byte, std::string message) {
    errors_.add({-1, static_cast<std::int64_t>(byte)}, std::move(message));
    return false;
  }

  std::shared_ptr<const MappedFile> file_;
  RecordErrors errors_;
  Header header_;
};

class BinaryReader final : public TraceReader {
 public:
  explicit BinaryReader(const ReaderSetup&) {}
  bool recognises(std::string_view head) const override {
    return head.starts_with(std::string_view(binary::kMagic.data(), binary::kMagic.size()));
  }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    return BinaryParser(file, diagnostics).parse();
  }
};

TIERSIM_REGISTER(TraceReader, "tiersim", BinaryReader, "our binary format: memory-mapped, interned, with next uses",
                 {});

}  // namespace
}  // namespace tiersim::traces
