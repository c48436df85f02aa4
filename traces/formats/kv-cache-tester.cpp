// Coding-agent sessions (callanjfox/kv-cache-tester): a JSON file each, in a folder or in a tar archive of one, whose
// members are read in any order and never unpacked; a file alone is a trace of one session. A session has `block_size`,
// `hash_id_scope` (local: the same id in two sessions is other content; global: the same) and `requests` in order of
// time: `t` in seconds from its start, `in` and `out` tokens, `hash_ids` of the floor(in / block_size) full blocks of
// the prompt, `think_time` since the answer before, `api_time` that the answer took. An entry with `requests` of its
// own is a sub-agent: it begins at its `t`, from which theirs count.
//
// Session i by file name begins at i x gap. A turn follows the one before it of the same agent; a sub-agent's first
// turn follows the entry before it of its parent, and no parent waits for it. Where `think_time` is missing, and for a
// sub-agent's first turn, it is the time since the turn before was answered (t + api_time), or 0. Answers of 0 tokens
// (broken off) count as 1 and are warned of.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "traces/agent_session_json.hpp"
#include "traces/archive.hpp"
#include "traces/hash.hpp"
#include "traces/readers.hpp"

namespace tiersim::traces {
namespace {

namespace fs = std::filesystem;

constexpr std::array<PublicFile, 1> kPublic{{{"callanjfox/kv-cache-tester", "traces"}}};

bool is_session(std::string_view head) {
  return head.starts_with('{') && head.find("\"requests\"") != head.npos && head.find("\"block_size\"") != head.npos;
}

/// The folder's .json files, by name.
std::vector<std::string> session_files(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end; it.increment(ignored))
    if (it->path().extension() == ".json") out.push_back(it->path().string());
  std::ranges::sort(out);
  return out;
}

/// Reads the files of one trace.
class FilesParser {
 public:
  FilesParser(std::string path, Duration gap, Diagnostics& diagnostics)
      : path_(std::move(path)), gap_(gap), errors_(path_, diagnostics) {}

  Trace parse_archive(const std::shared_ptr<const MappedFile>& file) {
    Archive archive(file);
    std::string_view json;
    while (!errors_.full() && archive.next())
      if (archive.name().ends_with(".json") && archive.read(json))
        add(archive.name(), json, path_ + ":" + archive.name());
    errors_.about(path_);
    if (!archive.problem().empty()) errors_.add({}, "cannot read the archive: " + archive.problem());
    return finish(file->hash());
  }

  Trace parse_file(const MappedFile& file) {
    add(path_, file.text(), path_);
    return finish(file.hash());
  }

  Trace parse_folder() {
    std::uint64_t hash = 0;
    for (const std::string& name : session_files(path_)) {
      std::string problem;
      const auto file = MappedFile::open(name, problem);
      errors_.about(name);
      if (!file) {
        errors_.add({}, "cannot read the session: " + problem);
        continue;
      }
      hash = hash_bytes(file->bytes(), hash);
      if (!errors_.full()) add(name, file->text(), name);
    }
    errors_.about(path_);
    return finish(hash_text(hash));
  }

 private:
  void add(const std::string& name, std::string_view json, const std::string& file) {
    errors_.about(file);
    read_agent_session(name, json, input_, errors_);
  }

  Trace finish(std::string hash) {
    input_.sessions.global_blocks = input_.global_ids.size();
    std::int64_t requests = 0, latest = 0;
    for (const AgentSession& s : input_.sessions.list) {
      requests += std::ssize(s.requests);
      for (const AgentSession::Request& r : s.requests) latest = std::max(latest, r.start);
    }
    const double end = static_cast<double>(gap_.value()) * static_cast<double>(input_.sessions.list.size());
    if (end + static_cast<double>(latest) > static_cast<double>(RecordErrors::kLatestArrival))
      errors_.add({}, "the sessions, one gap after the other, last more than 146 years");
    if (requests == 0 && !errors_.any()) errors_.add({-1, 0}, "the trace has no records");
    if (errors_.any()) return {};
    errors_.warn_of(input_.empty_answers, "answers of 0 tokens count as 1");
    return merged(std::move(input_.sessions), gap_, static_cast<std::uint32_t>(input_.block_size),
                  {path_, "kv-cache-tester", std::move(hash)});
  }

  std::string path_;
  Duration gap_;
  RecordErrors errors_;
  AgentSessionInput input_;
};

class KvCacheTesterReader final : public TraceReader {
 public:
  explicit KvCacheTesterReader(const ReaderSetup& setup) : parameters_(setup.parameters) {}
  bool recognises(std::string_view head) const override { return Archive::recognises(head) || is_session(head); }
  bool recognises_folder(const std::string& path) const override {
    const auto files = session_files(path);
    std::string problem;
    const auto first = files.empty() ? nullptr : MappedFile::open(files.front(), problem);
    return first && is_session(first->text().substr(0, kHeadBytes));
  }
  std::span<const PublicFile> public_files() const override { return kPublic; }

 protected:
  Trace parse(const std::shared_ptr<const MappedFile>& file, Diagnostics& diagnostics) const override {
    FilesParser parser(file->path(), gap(), diagnostics);
    return file->text().starts_with('{') ? parser.parse_file(*file) : parser.parse_archive(file);
  }
  Trace parse_folder(const std::string& path, Diagnostics& diagnostics) const override {
    return FilesParser(path, gap(), diagnostics).parse_folder();
  }

 private:
  [[nodiscard]] Duration gap() const { return Duration(static_cast<std::int64_t>(parameters_.number("gap"))); }

  Parameters parameters_;
};

TIERSIM_REGISTER(TraceReader, "kv-cache-tester", KvCacheTesterReader,
                 "coding-agent sessions, a JSON file each: a folder or its tar archive (callanjfox/kv-cache-tester)",
                 {{"gap", ParameterKind::duration, "900 s", "session i, by file name, begins at i times this"}});

}  // namespace
}  // namespace tiersim::traces
