// A policy is one file that registers itself: what is on disk, what the files say and what the registries know agree.
#include "sim/core/registry.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include "sim/attention/method.hpp"
#include "sim/memory/admission.hpp"
#include "sim/memory/block_cache.hpp"
#include "sim/memory/eviction.hpp"
#include "sim/memory/placement.hpp"
#include "sim/memory/prefetch.hpp"
#include "sim/serving/router.hpp"
#include "tests/support/sources.hpp"
#include "traces/readers.hpp"

using namespace tiersim::test;

namespace {

constexpr std::array<std::string_view, 3> kLibrary = {"sim", "traces", "calib"};

/// Folders in which every .cpp is a policy.
constexpr std::array<std::string_view, 11> kPolicyFolders = {
    "sim/memory/eviction", "sim/memory/admission",    "sim/memory/placement",  "sim/memory/prefetch",
    "sim/serving/routing", "sim/serving/scheduling",  "sim/attention/methods", "sim/attention/codecs",
    "sim/experts/caching", "sim/experts/prefetching", "sim/experts/placement",
};

/// interface (without namespaces) -> files that register an implementation of it.
std::map<std::string, std::set<std::string>> registrations() {
  static const std::regex pattern(R"(TIERSIM_REGISTER\(\s*(?:\w+::)*(\w+))"),
      both("TIERSIM_REGISTER_(EVICTION|LEAF_ORDER)\\(");
  std::map<std::string, std::set<std::string>> found;
  for (const auto folder : kLibrary) {
    for (const auto& file : sources_under(folder)) {
      if (file.is_header()) continue;
      std::string code;
      for (const auto& line : code_of(file)) code += line.text + '\n';
      for (std::sregex_iterator match(code.begin(), code.end(), pattern), end; match != end; ++match) {
        found[(*match)[1]].insert(file.path);
      }
      if (std::regex_search(code, both))
        found["EvictionPolicy"].insert(file.path), found["BlockCache"].insert(file.path);
    }
  }
  return found;
}

template <class Interface>
void check_registry(const std::string& name) {
  const auto& registry = tiersim::Registry<Interface>::instance();
  std::set<std::string> known;
  for (const auto policy : registry.names()) {
    const auto* entry = registry.find(policy);
    INFO(name << " '" << policy << "'");
    CHECK_FALSE(entry->summary.empty());
    std::string file = entry->file;
    const std::string root = std::string(TIERSIM_SOURCE_DIR) + "/";
    if (file.starts_with(root)) file.erase(0, root.size());
    while (file.starts_with("../")) file.erase(0, 3);  // ccache can make paths relative to the build's folder
    known.insert(file);
  }
  const auto on_disk = registrations()[name];
  std::vector<std::string> only_one;
  std::set_symmetric_difference(known.begin(), known.end(), on_disk.begin(), on_disk.end(),
                                std::back_inserter(only_one));
  INFO(name << ", in the registry or in the files but not in both:" << joined(only_one));
  CHECK(only_one.empty());
}

}  // namespace

TEST_CASE("does every file of a policy folder register its policy?") {
  std::set<std::string> registering;
  for (const auto& [_, files] : registrations()) registering.insert(files.begin(), files.end());
  std::vector<std::string> findings;
  for (const auto folder : kPolicyFolders) {
    for (const auto& file : sources_under(folder)) {
      if (file.is_header())
        findings.push_back(finding(file, 1, "a policy needs no header"));
      else if (!registering.contains(file.path))
        findings.push_back(finding(file, 1, "has no TIERSIM_REGISTER"));
    }
  }
  INFO(joined(findings));
  CHECK(findings.empty());
}

TEST_CASE("does each registry know exactly the files that register with it?") {
  check_registry<tiersim::EvictionPolicy>("EvictionPolicy");
  check_registry<tiersim::BlockCache>("BlockCache");
  check_registry<tiersim::AdmissionPolicy>("AdmissionPolicy");
  check_registry<tiersim::PlacementPolicy>("PlacementPolicy");
  check_registry<tiersim::PrefetchPolicy>("PrefetchPolicy");
  check_registry<tiersim::Router>("Router");
  check_registry<tiersim::AttentionMethod>("AttentionMethod");
  check_registry<tiersim::traces::TraceReader>("TraceReader");
}
