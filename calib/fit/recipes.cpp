#include "calib/fit/recipes.hpp"

#include <array>
#include <string>
#include <utility>

namespace tiersim::calib {
namespace {

using enum Feature;

using SideFeatures = std::pair<std::string, std::vector<Feature>>;

Form form_of(const std::vector<SideFeatures>& sides) {
  Form form;
  for (const auto& [name, features] : sides) {
    Side& side = form.law.sides.emplace_back(Side{name, {}});
    for (Feature feature : features) side.terms.push_back({feature, 0, 0});
  }
  return form;
}

Recipe by_bytes(std::size_t most_segments) {
  return {.forms = {form_of({{"bandwidth", {bytes}}})}, .most_segments = most_segments};
}

/// Copies in many pieces: each costs, either on top of its bytes or beside them.
Recipe in_pieces() {
  return {.forms = {form_of({{"bandwidth", {bytes, operations}}}),
                    form_of({{"rate", {operations}}, {"bandwidth", {bytes}}})},
          .most_segments = 2,
          .corrections = {{operations}, {bytes, operations}}};
}

Recipe elementwise() {
  return {.forms = {form_of({{"bandwidth", {bytes}}}), form_of({{"bandwidth", {bytes, flops}}})}, .most_segments = 4};
}

/// Shape terms stand for packing and output; with a GPU, whole waves of tiles are the alternative to plain flops.
Recipe product(double processors) {
  Recipe recipe{
      .forms = {form_of({{"compute", {flops}}, {"bandwidth", {bytes}}}),
                form_of({{"compute", {flops, flops_per_m, flops_per_n, flops_per_k}}, {"bandwidth", {bytes}}})},
      .most_segments = 3,
      .corrections = {{m}, {bytes}, {m, flops_per_m}, {m, bytes}}};
  if (processors <= 0) return recipe;
  constexpr std::array<std::pair<double, double>, 6> kTiles = {
      {{128, 128}, {128, 256}, {256, 128}, {64, 64}, {64, 128}, {64, 256}}};
  for (const auto& [rows, columns] : kTiles) {
    Form form = form_of({{"compute", {wave_flops, flops_per_k}}, {"bandwidth", {bytes}}});
    form.law.tile = {rows, columns, processors};
    recipe.forms.push_back(form);
  }
  return recipe;
}

Recipe attention() {
  return {.forms = {form_of({{"compute", {flops}}, {"bandwidth", {bytes}}}),
                    form_of({{"compute", {flops}}, {"bandwidth", {bytes, sequences}}}),
                    form_of({{"compute", {flops, sequences}}, {"bandwidth", {bytes}}}),
                    form_of({{"compute", {flops, flops_per_m, flops_per_n}}, {"bandwidth", {bytes}}})},
          .most_segments = 3,
          .corrections = {{bytes}, {m}, {sequences}, {bytes, m}, {bytes, sequences}}};
}

/// The three caps of a drive; a sample is one I/O of many in flight, so that nothing is fixed.
Recipe drive() {
  Form form = form_of({{"queue", {operations_share, bytes_share}}, {"rate", {operations}}, {"bandwidth", {bytes}}});
  form.fixed = false;
  return {.forms = {form}};
}

Recipe curve(const Curve& curve) { return {.curve = curve}; }

Recipe overhead() { return {.forms = {form_of({}), form_of({{"rate", {operations}}})}}; }

Recipe anything() { return {.forms = {form_of({{"bandwidth", {bytes, flops}}})}}; }

}  // namespace

Recipe recipe_of(std::string_view family, std::string_view kernel, double processors) {
  const auto is = [&](std::initializer_list<std::string_view> names) {
    for (std::string_view name : names) {
      if (family == name) return true;
    }
    return false;
  };
  if (kernel == "blocks" || is({"gather", "fragments", "experts", "mapping"})) return in_pieces();
  // The caches of a processor that others share have no sharp edges, and what is beyond one is not kept in part.
  if (family == "memory" && processors <= 0) return curve({bytes, bytes});
  if (is({"memory", "cache"})) return by_bytes(6);
  if (is({"memcpy", "transfer", "page_cache", "peer", "all_reduce"})) return by_bytes(3);
  if (is({"elementwise", "quantise"})) return elementwise();
  if (is({"gemm"})) return product(processors);
  if (is({"attention"})) return attention();
  if (is({"ssd"})) return drive();
  if (is({"latency"})) return curve({bytes, {}});
  if (is({"overhead"})) return overhead();
  return anything();
}

}  // namespace tiersim::calib
