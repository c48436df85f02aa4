#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "sim/core/parameters.hpp"
#include "sim/core/registry.hpp"

using namespace tiersim;

namespace {

struct Greeting {
  struct Setup {
    std::string whom;
  };
  virtual ~Greeting() = default;
  [[nodiscard]] virtual std::string say() const = 0;
};

class Polite final : public Greeting {
 public:
  explicit Polite(const Setup& setup) : whom_(setup.whom) {}
  [[nodiscard]] std::string say() const override { return "good day, " + whom_; }

 private:
  std::string whom_;
};

class Brief final : public Greeting {
 public:
  explicit Brief(const Setup&) {}
  [[nodiscard]] std::string say() const override { return "hi"; }
};

TIERSIM_REGISTER(Greeting, "polite", Polite, "for guests",
                 {{"bows", ParameterKind::count, "1", "how many"},
                  {"depth", ParameterKind::fraction, "25%", "how far"}});
TIERSIM_REGISTER(Greeting, "brief", Brief, "for friends", {});

}  // namespace

TEST_CASE("what registers itself is found by name, sorted, with its parameters and file") {
  const auto& registry = Registry<Greeting>::instance();
  CHECK(registry.names() == std::vector<std::string_view>{"brief", "polite"});
  CHECK(registry.find("rude") == nullptr);

  const auto* polite = registry.find("polite");
  REQUIRE(polite != nullptr);
  CHECK(polite->summary == "for guests");
  REQUIRE(polite->parameters.size() == 2);
  CHECK(polite->parameters[1].default_value == "25%");
  CHECK(polite->file.ends_with("core_registry_test.cpp"));
  CHECK(registry.make("polite", {"Ada"})->say() == "good day, Ada");
  CHECK(registry.make("brief", {})->say() == "hi");
}

TEST_CASE("asking for an unregistered policy or registering a name twice is our bug") {
  CHECK_THROWS_AS(static_cast<void>(Registry<Greeting>::instance().make("rude", {})), InternalError);
  CHECK_THROWS_AS(Registry<Greeting>::instance().add("brief", {}), InternalError);
}

TEST_CASE("parameters keep their order and are read by name; an undeclared one is our bug") {
  Parameters p;
  p.add({"window", 2e9, "2 s"});
  p.add({"mode", 0, "strict"});

  CHECK(p.number("window") == 2e9);
  CHECK(p.text("mode") == "strict");
  CHECK(p.all().front().name == "window");
  CHECK_THROWS_AS(static_cast<void>(p.number("windows")), InternalError);
}
