#include "sim/config/declared_parameters.hpp"

namespace tiersim::config {
namespace {

Parameters::Entry read_parameter(Fields& fields, const ParameterSpec& spec) {
  std::string problem;
  const auto otherwise = [&](auto parsed) {
    ensure(parsed.has_value(), "a parameter is declared with a default that does not parse");
    return *parsed;
  };
  const std::string& text = spec.default_value;
  double number = 0;
  std::string word;
  switch (spec.kind) {
    case ParameterKind::count:
      number = static_cast<double>(fields.count(spec.name, otherwise(parse_count(text, problem))));
      break;
    case ParameterKind::fraction:
      number = fields.fraction(spec.name, otherwise(parse_fraction(text, problem)));
      break;
    case ParameterKind::duration:
      number = static_cast<double>(fields.duration(spec.name, otherwise(parse_duration(text, problem))).value());
      break;
    case ParameterKind::bytes:
      number = static_cast<double>(fields.bytes(spec.name, otherwise(parse_bytes(text, problem))).value());
      break;
    case ParameterKind::tokens:
      number = static_cast<double>(fields.tokens(spec.name, otherwise(parse_tokens(text, problem))).value());
      break;
    case ParameterKind::text:
      word = fields.text(spec.name, text);
      break;
  }
  return {spec.name, number, word};
}

}  // namespace

Parameters read_parameters(Fields& fields, const std::vector<ParameterSpec>& specs) {
  Parameters out;
  for (const ParameterSpec& spec : specs) out.add(read_parameter(fields, spec));
  return out;
}

}  // namespace tiersim::config
