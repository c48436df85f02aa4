// tiersim attention: what methods that keep a part of the KV cache do to recorded attention.
#include <array>

#include "tools/tiersim/commands.hpp"

namespace tiersim::cli {
namespace {

constexpr std::array kCommands = {
    Command{"replay", "methods on a recording: what they keep, and what that does", attention_replay_command},
    Command{"generate", "a recording drawn at random, with a model's shape", attention_generate_command},
};

}  // namespace

int attention_command(const Arguments& arguments) {
  return dispatch({"tiersim attention", "Replays recorded attention under methods that keep a part of the KV cache.",
                   "tiersim attention generate --out /tmp/attention.h5 --layers 4 --prompt 512 --overwrite"},
                  kCommands, arguments);
}

}  // namespace tiersim::cli
