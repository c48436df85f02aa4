// tiersim attention generate: a recording that nobody recorded.
#include <fmt/format.h>

#include "sim/report/human.hpp"
#include "tools/tiersim/commands.hpp"
#include "tools/tiersim/trace_input.hpp"
#include "traces/attention_file.hpp"
#include "traces/attention_generator.hpp"

namespace tiersim::cli {

int attention_generate_command(const Arguments& arguments) {
  const std::string name = "tiersim attention generate";
  Options options({name,
                   "Writes a recording of attention drawn at random: heads that look at the first tokens, the newest,\n"
                   "important ones, a fixed distance back, needles, or nowhere in particular. Same seed, same bytes.",
                   "tiersim attention generate --out /tmp/attention.h5 --layers 4 --prompt 512 --overwrite"});
  traces::AttentionGeneratorSettings settings;
  traces::AttentionShape& shape = settings.shape;
  std::int64_t seed = 1;
  bool single = false;
  OutputPath output(name);
  options.group("Shape");
  options.count("layers", "N", "layers (default: 32)", shape.layers, 1);
  options.count("heads", "N", "query heads (default: 32)", shape.heads, 1);
  options.count("kv-heads", "N", "KV heads, a divisor of these (default: 8)", shape.kv_heads, 1);
  options.count("head-size", "N", "elements of a key or a value, at least 16 (default: 128)", shape.head_size, 16);
  options.count("prompt", "TOKENS", "of the prompt (default: 4096)", shape.prompt, 1);
  options.count("steps", "TOKENS", "decoded after it (default: 128)", shape.steps, 0);
  options.count("window", "TOKENS", "of the prompt, the last ones, whose queries are recorded (default: 64)",
                shape.window, 0);
  options.group("Content");
  options.count("seed", "N", "seed of the random generator (default: 1)", seed, 0);
  options.count("needles", "N", "spans that a few decoded tokens ask for (default: 2)", settings.needles, 0);
  options.flag("single", "32-bit floats instead of 16", single);
  output.declare(options, "the HDF5 file to write (traces/ATTENTION.md)");
  if (!options.parse(arguments)) return 0;
  output.check("/tmp/attention.h5");
  settings.seed = static_cast<std::uint64_t>(seed);
  if (shape.heads % shape.kv_heads != 0)
    misuse(name, fmt::format("{} heads do not share {} KV heads evenly", shape.heads, shape.kv_heads));
  if (shape.window > shape.prompt)
    misuse(name, fmt::format("the window of {} tokens is longer than the prompt of {}", shape.window, shape.prompt));
  const traces::GeneratedAttention source(settings);
  traces::write_attention(output.path(), shape, fmt::format("generated, seed {}", seed),
                          single ? traces::FloatWidth::single : traces::FloatWidth::half,
                          [&](std::int64_t layer) { return source.load(layer); });
  fmt::print(stderr, "{}: {} of {} tokens\n", output.path(), human::counted(shape.layers, "layer"),
             human::grouped(shape.tokens()));
  return 0;
}

}  // namespace tiersim::cli
