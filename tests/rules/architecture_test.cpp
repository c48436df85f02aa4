// Who may include whom. The path tells the layer, so reading the #include lines is enough.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>

#include "tests/support/sources.hpp"

using namespace tiersim::test;

namespace {

/// A room and the level that it stands on. A file includes its own room and every level below. Rooms of one level see
/// each other only where `sees_siblings` says so, and then without a cycle.
struct Room {
  std::string_view path;  ///< a folder, or the stem of single files; the longest match counts
  int level;
  bool sees_siblings = false;
};

constexpr std::array kRooms = {
    Room{"sim/core", 0},
    Room{"sim/config", 1},
    Room{"models", 2},
    Room{"hw", 2},
    Room{"calib/profile", 2},
    Room{"traces", 2},
    Room{"sim/engine", 3},
    Room{"sim/memory", 4, true},
    Room{"sim/transfer", 4, true},
    Room{"sim/cost", 4, true},
    Room{"sim/serving", 5},
    Room{"sim/replay", 5},
    Room{"sim/attention", 5},
    Room{"sim/experts", 5},
    Room{"sim/report", 6},
    Room{"sim/resolve", 7},
    Room{"sim/run", 8},
    Room{"calib", 9},
    Room{"tools", 10},
};

constexpr std::array<std::string_view, 6> kFolders = {"sim", "models", "hw", "calib", "traces", "tools"};

const Room* room_of(std::string_view path) {
  const Room* best = nullptr;
  for (const Room& room : kRooms) {
    const bool inside = path.starts_with(room.path) &&
                        std::string_view("/._").find(path.substr(room.path.size())[0]) != std::string_view::npos;
    if (inside && (best == nullptr || room.path.size() > best->path.size())) best = &room;
  }
  return best;
}

bool may_include(const Room& from, const Room& to) {
  return &from == &to || to.level < from.level || (to.level == from.level && from.sees_siblings && to.sees_siblings);
}

std::vector<SourceFile> all_sources() {
  std::vector<SourceFile> files;
  for (const auto folder : kFolders) {
    for (auto& file : sources_under(folder)) files.push_back(std::move(file));
  }
  return files;
}

bool in_the_project(std::string_view target) {
  return std::any_of(kFolders.begin(), kFolders.end(), [&](std::string_view folder) {
    return target.starts_with(folder) && target.substr(folder.size()).starts_with("/");
  });
}

/// room -> rooms that it includes, itself left out.
std::map<std::string, std::set<std::string>> room_graph() {
  std::map<std::string, std::set<std::string>> graph;
  for (const auto& file : all_sources()) {
    const Room* from = room_of(file.path);
    for (const auto& include : includes_of(file)) {
      const Room* to = include.quoted && in_the_project(include.target) ? room_of(include.target) : nullptr;
      if (from != nullptr && to != nullptr && from != to) graph[std::string(from->path)].insert(std::string(to->path));
    }
  }
  return graph;
}

bool reaches(const std::map<std::string, std::set<std::string>>& graph, const std::string& from, const std::string& to,
             std::set<std::string>& seen) {
  const auto edges = graph.find(from);
  if (edges == graph.end() || !seen.insert(from).second) return false;
  return std::any_of(edges->second.begin(), edges->second.end(),
                     [&](const std::string& next) { return next == to || reaches(graph, next, to, seen); });
}

}  // namespace

TEST_CASE("does every source file stand in a room of the table?") {
  std::vector<std::string> findings;
  for (const auto& file : all_sources()) {
    if (room_of(file.path) == nullptr) {
      findings.push_back(finding(file, 1, "in no room: add its room and level to kRooms in this test"));
    }
  }
  INFO(joined(findings));
  CHECK(findings.empty());
}

TEST_CASE("does every include point to a lower layer?") {
  std::vector<std::string> findings;
  for (const auto& file : all_sources()) {
    const Room* from = room_of(file.path);
    for (const auto& include : includes_of(file)) {
      const Room* to = include.quoted && in_the_project(include.target) ? room_of(include.target) : nullptr;
      if (from != nullptr && to != nullptr && !may_include(*from, *to)) {
        findings.push_back(
            finding(file, include.line,
                    std::string(from->path) + " must not see " + std::string(to->path) + " (" + include.target + ")"));
      }
    }
  }
  INFO(joined(findings));
  CHECK(findings.empty());
}

TEST_CASE("are the rooms free of cycles?") {
  const auto graph = room_graph();
  for (const auto& node : graph) {
    std::set<std::string> seen;
    INFO(node.first);
    CHECK_FALSE(reaches(graph, node.first, node.first, seen));
  }
}

TEST_CASE("is every include of ours spelled from the root?") {
  std::vector<std::string> findings;
  for (const auto& file : all_sources()) {
    for (const auto& include : includes_of(file)) {
      const bool exists = std::filesystem::exists(std::filesystem::path(TIERSIM_SOURCE_DIR) / include.target);
      if (include.quoted && !(in_the_project(include.target) && exists)) {
        findings.push_back(finding(file, include.line, "spell \"" + include.target + "\" from the root"));
      }
      if (!include.quoted && in_the_project(include.target) && exists) {
        findings.push_back(finding(file, include.line, "use quotes for our own <" + include.target + ">"));
      }
    }
  }
  INFO(joined(findings));
  CHECK(findings.empty());
}

TEST_CASE("do heavy libraries stay out of public headers?") {
  constexpr std::array<std::string_view, 6> kHeavy = {"yaml-cpp/", "H5",     "hdf5",
                                                      "boost/",    "Eigen/", "unsupported/Eigen"};
  std::vector<std::string> findings;
  for (const auto& file : all_sources()) {
    for (const auto& include : includes_of(file)) {
      const bool heavy = std::any_of(kHeavy.begin(), kHeavy.end(),
                                     [&](std::string_view prefix) { return include.target.starts_with(prefix); });
      if (file.is_header() && heavy) {
        findings.push_back(finding(file, include.line, "<" + include.target + "> belongs in a .cpp"));
      }
    }
  }
  INFO(joined(findings));
  CHECK(findings.empty());
}

TEST_CASE("does only sim/config see yaml-cpp?") {
  std::vector<std::string> findings;
  for (const auto& file : all_sources()) {
    for (const auto& include : includes_of(file)) {
      if (include.target.starts_with("yaml-cpp/") && !file.path.starts_with("sim/config/")) {
        findings.push_back(finding(file, include.line, "read YAML through sim/config/yaml.hpp"));
      }
    }
  }
  INFO(joined(findings));
  CHECK(findings.empty());
}
