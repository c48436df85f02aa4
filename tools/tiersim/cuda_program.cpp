#include "tools/tiersim/cuda_program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <spawn.h>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

#include "tools/tiersim/interrupt.hpp"
#include "tools/tiersim/options.hpp"

namespace tiersim::cli {
namespace {

namespace fs = std::filesystem;

/// What the program's exit statuses say (calib/cuda/options.cpp).
constexpr int kDone = 0, kUnusable = 2, kInterrupted = 130;

std::string program_path(const std::string& command) {
  std::error_code error;
  const fs::path own = fs::read_symlink("/proc/self/exe", error);
  const fs::path program = own.parent_path() / "tiersim_cuda";
  if (error || access(program.c_str(), X_OK) != 0)
    misuse(command, fmt::format("no program '{}': this tiersim was built without CUDA", program.string()),
           {"build it where nvcc is found (put it in PATH or set CUDACXX): cmake -S . -B build && ninja -C build",
            "or measure on the GPU's machine (calib/on_gpu.sh), then fit here: tiersim calibrate --samples FILE"});
  return program.string();
}

std::vector<std::string> arguments_of(const CudaRun& run) {
  std::vector<std::string> words = {"tiersim_cuda",
                                    "--device",
                                    fmt::format("{}", run.device),
                                    "--budget",
                                    fmt::format("{:.3f}s", 1e-9 * static_cast<double>(run.budget.value())),
                                    "--seed",
                                    fmt::format("{}", run.seed)};
  const auto add = [&](const char* option, std::string value) {
    words.emplace_back(option);
    words.push_back(std::move(value));
  };
  if (!run.out.empty()) add("--out", run.out);
  if (!run.families.empty()) add("--family", fmt::format("{}", fmt::join(run.families, ",")));
  if (run.fresh > 0) add("--fresh", fmt::format("{}", run.fresh));
  if (run.dry_run) words.emplace_back("--dry-run");
  return words;
}

/// Its exit status; 128 and the signal's number where one ended it. What it prints while it measures is no result of
/// ours: to stderr with it.
int spawn_and_wait(const std::string& program, std::vector<std::string> words, bool results_wanted) {
  std::vector<char*> arguments;
  for (std::string& w : words) arguments.push_back(w.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (!results_wanted) posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = 0;
  const int error = posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error(program + ": " + std::generic_category().message(error));
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) throw std::runtime_error(program + ": " + std::generic_category().message(errno));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

void run_cuda_program(const std::string& command, const CudaRun& run) {
  const std::string program = program_path(command);
  const Interrupt waits;  // for the program, which a Ctrl-C reaches, too
  const int status = spawn_and_wait(program, arguments_of(run), run.dry_run);
  if (status == kDone) return;
  if (status == kUnusable)
    misuse(command, fmt::format("cuda:{} cannot be measured", run.device), {"tiersim_cuda said why"});
  const char* what = status == kInterrupted ? "was interrupted" : "stopped early";
  throw std::runtime_error(
      fmt::format("tiersim_cuda {} (status {}): what it measured is kept in {}\n"
                  "      = the same command continues",
                  what, status, run.out));
}

}  // namespace tiersim::cli
