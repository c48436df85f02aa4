#include "calib/cuda/offload_trace.hpp"

#include <algorithm>
#include <charconv>
#include <istream>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <string_view>

#include "calib/cuda/draws.hpp"

namespace tiersim::calib {
namespace {

constexpr std::string_view kHeader = "prompt_tokens,output_tokens,blocks";
constexpr int kMostTokens = 1 << 20;

struct Line {
  const std::string& file;
  std::size_t number;
  std::string_view rest;

  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(file + ":" + std::to_string(number) + ": " + what);
  }
  /// Up to the separator, which is passed over.
  std::int64_t next(char separator, const char* what) {
    const std::string_view word = rest.substr(0, rest.find(separator));
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (word.empty() || error != std::errc{} || end != word.data() + word.size() || value < 0) {
      fail(std::string(what) + " should be a whole number that is not negative, not '" + std::string(word) + "'");
    }
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return value;
  }
};

OffloadRequest request_of(Line line) {
  OffloadRequest request;
  const std::int64_t prompt = line.next(',', "prompt_tokens"), output = line.next(',', "output_tokens");
  if (prompt < 1 || output < 1 || prompt + output > kMostTokens) {
    line.fail("prompt_tokens and output_tokens should be at least 1, and at most " + std::to_string(kMostTokens) +
              " together");
  }
  request.prompt = static_cast<int>(prompt);
  request.output = static_cast<int>(output);
  while (!line.rest.empty()) request.blocks.push_back(line.next(' ', "a block's id"));
  if (static_cast<int>(request.blocks.size()) > (request.prompt + request.output) / kOffloadBlock) {
    line.fail("more block ids than prompt and answer have whole blocks of " + std::to_string(kOffloadBlock) +
              " tokens");
  }
  return request;
}

}  // namespace

int OffloadRequest::reusable_blocks() const {
  return std::min(static_cast<int>(blocks.size()), (prompt - 1) / kOffloadBlock);
}

std::vector<OffloadRequest> read_offload_trace(std::istream& in, const std::string& name) {
  std::string text;
  if (!std::getline(in, text) || text != kHeader) {
    throw std::runtime_error(name + ":1: the header should be " + std::string(kHeader));
  }
  std::vector<OffloadRequest> requests;
  for (std::size_t number = 2; std::getline(in, text); ++number) requests.push_back(request_of({name, number, text}));
  if (requests.empty()) throw std::runtime_error(name + ": there are no requests in it");
  return requests;
}

void write_offload_trace(std::ostream& out, const std::vector<OffloadRequest>& requests) {
  out << kHeader << '\n';
  for (const OffloadRequest& request : requests) {
    out << request.prompt << ',' << request.output << ',';
    for (std::size_t i = 0; i < request.blocks.size(); ++i) out << (i > 0 ? " " : "") << request.blocks[i];
    out << '\n';
  }
}

std::vector<OffloadRequest> generated_chat(std::uint64_t seed, std::int64_t requests) {
  constexpr std::size_t kSessions = 24;
  constexpr int kMostTalk = 24'576;  // tokens; then the session starts anew
  struct Session {
    int tokens = 0;
    std::vector<std::int64_t> blocks;
  };
  Rng rng(seed);
  std::vector<Session> sessions(kSessions);
  std::int64_t next_block = 0;
  std::vector<OffloadRequest> out;
  for (std::int64_t i = 0; i < requests; ++i) {
    Session& session = sessions[rng.below(kSessions)];
    if (session.tokens > kMostTalk) session = {};
    OffloadRequest request;
    const bool opening = session.tokens == 0;
    request.prompt =
        session.tokens + static_cast<int>(opening ? log_uniform(rng, 1024, 8192) : log_uniform(rng, 64, 1024));
    request.output = static_cast<int>(log_uniform(rng, 16, 256));
    session.tokens = request.prompt + request.output;
    while (static_cast<int>(session.blocks.size()) < session.tokens / kOffloadBlock)
      session.blocks.push_back(next_block++);
    request.blocks = session.blocks;
    out.push_back(std::move(request));
  }
  return out;
}

}  // namespace tiersim::calib
