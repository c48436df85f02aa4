// What the command says about itself: help at every level with an example that runs, version, lists, exit status.
#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/command.hpp"
#include "tests/support/golden.hpp"

using namespace tiersim::test;

namespace {

const std::vector<std::string> kPages = {
    "",          "run",         "check",         "show",       "why",          "explain",       "list",
    "calibrate", "validate",    "trace",         "trace info", "trace head",   "trace convert", "trace generate",
    "models",    "models list", "models import", "mrc",        "replay-cache", "reuse"};

std::string file_of(const std::string& page) {
  std::string name = page.empty() ? "tiersim" : page;
  for (char& c : name)
    if (c == ' ') c = '_';
  return "cli/help_" + name + ".txt";
}

/// The line under "example:".
std::string example_of(const std::string& help) {
  const std::string title = "\nexample:\n  ";
  const auto at = help.find(title);
  if (at == std::string::npos) return {};
  const auto begin = at + title.size();
  return help.substr(begin, help.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("is the help at every level as recorded, and does its example run?") {
  const Workplace place;
  for (const std::string& page : kPages) {
    const Ran help = place.run("tiersim " + page + " --help");
    INFO("tiersim " << page << " --help");
    CHECK(help.status == 0);
    CHECK(help.err == "");
    expect_golden(file_of(page), help.out);
    const std::string example = example_of(help.out);
    REQUIRE(example != "");
    const Ran ran = place.run(example);
    INFO(example << "\n" << ran.err);
    CHECK(ran.status == 0);
  }
}

TEST_CASE("does a command without a subcommand print its help?") {
  const Workplace place;
  CHECK(place.run("tiersim").out == place.run("tiersim --help").out);
  CHECK(place.run("tiersim trace").out == place.run("tiersim trace -h").out);
}

TEST_CASE("does the command know its version?") {
  const Workplace place;
  const Ran ran = place.run("tiersim --version");
  CHECK(ran.status == 0);
  CHECK(ran.out == "tiersim " TIERSIM_VERSION "\n");
}

TEST_CASE("do the lists name everything that a scenario can name?") {
  const Workplace place;
  for (const std::string section : {"models", "hardware", "profiles", "policies", "traces", "metrics"}) {
    const Ran ran = place.run("tiersim list " + section);
    INFO(section);
    CHECK(ran.status == 0);
    expect_golden("cli/list_" + section + ".txt", ran.out);
  }
}

TEST_CASE("does the library of models say what each is like?") {
  const Workplace place;
  const Ran ran = place.run("tiersim models");
  CHECK(ran.status == 0);
  expect_golden("cli/models.txt", ran.out);
  CHECK(place.run("tiersim models list").out == ran.out);
}

TEST_CASE("does check say what a scenario is, and show what it comes to?") {
  const Workplace place;
  const std::string scenario = "tests/golden/small.yaml";
  expect_golden("cli/check.txt", place.run("tiersim check " + scenario).out);
  for (const std::string what : {"scenario", "topology", "memory"}) {
    const Ran ran = place.run("tiersim show " + scenario + " --what " + what);
    INFO(what);
    CHECK(ran.status == 0);
    expect_golden("cli/show_" + what + ".txt", ran.out);
  }
}

TEST_CASE("is a request's time to first token explained as recorded?") {
  const Workplace place;
  const Ran ran = place.run("tiersim why tests/golden/small.yaml 150");
  CHECK(ran.status == 0);
  expect_golden("cli/why.txt", ran.out);
}

TEST_CASE("is a step explained as recorded, in every format?") {
  const Workplace place;
  const std::string explain = "tiersim explain tests/golden/small.yaml";
  const Ran table = place.run(explain);
  CHECK(table.status == 0);
  expect_golden("cli/explain.txt", table.out);
  expect_golden("cli/explain_pipeline.txt",
                place
                    .run("tiersim explain scenarios/quickstart.yaml --set model=mixtral-8x7b --set serving.replicas=1 "
                         "--set serving.tensor_parallel=2 --set serving.expert_parallel=2 "
                         "--set serving.pipeline_parallel=2 --decode 64@4000")
                    .out);
  expect_golden("cli/explain.csv", place.run(explain + " --prefill 512@1024 --format csv").out);
  expect_golden("cli/explain.json", place.run(explain + " --decode 8@1024 --format json").out);
}

TEST_CASE("does an explained step of every model fit into 100 columns?") {
  const Workplace place;
  for (const auto& entry : std::filesystem::directory_iterator(TIERSIM_SOURCE_DIR "/models")) {
    if (entry.path().extension() != ".yaml") continue;
    const Ran ran = place.run(
        "tiersim explain scenarios/quickstart.yaml --set 'hierarchy=[{tier: hbm, blocks: 20000}]' "
        "--set workload.generate.chat.requests=10 --set serving.tensor_parallel=1 --set model=" +
        entry.path().stem().string());
    INFO(ran.err);
    CHECK(ran.status == 0);
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) {
      INFO(line);
      CHECK(line.size() <= 100);
    }
  }
}

TEST_CASE("is a roofline drawn, the same twice?") {
  const Workplace place;
  const std::string explain = "tiersim explain tests/golden/small.yaml --format csv --plot ";
  const Ran ran = place.run(explain + "bin/one.svg && " + explain + "bin/two.svg && cmp bin/one.svg bin/two.svg");
  INFO(ran.err);
  CHECK(ran.status == 0);
  const std::string svg = place.run("cat bin/one.svg").out;
  CHECK(svg.starts_with("<svg"));
  for (const char* label : {">decode attention<", ">prefill attention<", ">gate and up<"})
    CHECK(svg.find(label) != std::string::npos);
}

TEST_CASE("are traces shown as recorded, and the same after a conversion?") {
  const Workplace place;
  const std::string sample = "traces/samples/mooncake.jsonl";
  const Ran head = place.run("tiersim trace head " + sample);
  expect_golden("cli/trace_head.txt", head.out);
  expect_golden("cli/trace_info.txt", place.run("tiersim trace info " + sample).out);
  CHECK(place.run("tiersim trace convert " + sample + " --out bin/sample.trace").status == 0);
  CHECK(place.run("tiersim trace head bin/sample.trace").out == head.out);
}

TEST_CASE("is a miss-ratio curve shown as recorded, and written the same twice?") {
  const Workplace place;
  const std::string mrc =
      "tiersim mrc traces/samples/mooncake.jsonl --policy s3fifo --policy '{slru: {protected: 0.5}}' ";
  expect_golden("cli/mrc.txt",
                place.run(mrc + "--capacity 1 --capacity 4 --capacity 50% --capacity '8192 tokens'").out);
  expect_golden("cli/mrc_blocks.txt", place.run(mrc + "--hits block --touch head --capacity 3 --threads 1").out);
  expect_golden("cli/mrc_all.txt", place.run("tiersim mrc traces/samples/mooncake.jsonl --all --capacity 3").out);
  expect_golden("cli/mrc_sample.txt", place.run("tiersim mrc traces/samples/mooncake.jsonl --sample 100%").out);
  const Ran ran = place.run(mrc + "--csv bin/one.csv --plot bin/one.svg && " + mrc +
                            "--threads 1 --csv bin/two.csv --plot bin/two.svg && cmp bin/one.csv bin/two.csv && cmp "
                            "bin/one.svg bin/two.svg");
  INFO(ran.out << ran.err);
  CHECK(ran.status == 0);
  expect_golden("cli/mrc.csv", place.run("cat bin/one.csv").out);
}

TEST_CASE("are tiers without a clock shown as recorded, by hand and of a scenario, and written the same twice?") {
  const Workplace place;
  const std::string tiers =
      "tiersim replay-cache traces/samples/mooncake.jsonl --tier 2 --tier '{tier: dram, capacity: 50%, eviction: arc, "
      "admission: second_touch}' --tier '{tier: ssd, capacity: 80%, write: back, exclusive: true, endurance: 1 PB}' "
      "--block-bytes 160MiB ";
  const Ran by_hand = place.run(tiers + "--csv bin/one.csv");
  INFO(by_hand.err);
  CHECK(by_hand.status == 0);
  expect_golden("cli/replay_cache.txt", by_hand.out);
  CHECK(place.run(tiers + "--threads 1 --csv bin/two.csv && cmp bin/one.csv bin/two.csv").status == 0);
  expect_golden("cli/replay_cache.csv", place.run("cat bin/one.csv").out);
  expect_golden("cli/replay_cache_scenario.txt", place.run("tiersim replay-cache scenarios/quickstart.yaml").out);
}

TEST_CASE("is an attention replay shown as recorded, written the same twice, and a recording made the same twice?") {
  const Workplace place;
  const std::string replay =
      "tiersim attention replay traces/samples/attention.h5 --budget 25% --budget '8 tokens' --csv bin/";
  const Ran shown = place.run(replay + "one.csv");
  INFO(shown.err);
  CHECK(shown.status == 0);
  expect_golden("cli/attention_replay.txt", shown.out);
  CHECK(place.run(replay + "two.csv --threads 1 && cmp bin/one.csv bin/two.csv").status == 0);
  expect_golden("cli/attention_replay.csv", place.run("cat bin/one.csv").out);
  const std::string make =
      "tiersim attention generate --layers 2 --heads 4 --kv-heads 2 --head-size 16 --prompt 96 --steps 16 --window 32 ";
  CHECK(place.run(make + "--out bin/1.h5 && " + make + "--out bin/2.h5 && cmp bin/1.h5 bin/2.h5").status == 0);
  // Compressed bytes are the libraries' matter; what is in them is ours.
  CHECK(place
            .run("tiersim attention replay bin/1.h5 --budget 25% --budget '8 tokens' --csv bin/made.csv && "
                 "cmp bin/one.csv bin/made.csv")
            .status == 0);
}

TEST_CASE("is reuse over time shown as recorded, and written the same twice?") {
  const Workplace place;
  const auto shown = [&](const std::string& command) {
    const Ran ran = place.run("tiersim reuse traces/samples/" + command);
    INFO(ran.err);
    CHECK(ran.status == 0);
    return ran.out;
  };
  const std::string sample = "mooncake.jsonl ";
  const std::string model = sample + "--model llama-3.1-8b --machine hgx-h100x1 --window '3 s' --window 5s ";
  expect_golden("cli/reuse.txt", shown(sample));
  expect_golden("cli/reuse_sizes.txt", shown(sample + "--model llama-3.1-8b"));
  expect_golden("cli/reuse_by_hand.txt", shown(sample + "--machine dgx-h100 --tensor-parallel 4 --block-bytes 64MiB "
                                                        "--recompute 1ms --price gpu=2 --price dram=0.5 "
                                                        "--price 'ssd=0.02 USD'"));
  expect_golden("cli/reuse_no_prefixes.txt", shown("ragpulse/0_trace.jsonl --format ragpulse-chunks --block 8"));
  const std::string costs_shown = shown(model);
  expect_golden("cli/reuse_costs.txt", costs_shown);
  std::istringstream lines(costs_shown);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
  const std::string costs = "tiersim reuse traces/samples/" + model;
  const Ran ran = place.run(costs + "--csv bin/one.csv --plot bin/one.svg && " + costs +
                            "--csv bin/two.csv --plot bin/two.svg && cmp bin/one.csv bin/two.csv && cmp bin/one.svg "
                            "bin/two.svg");
  INFO(ran.out << ran.err);
  CHECK(ran.status == 0);
  expect_golden("cli/reuse.csv", place.run("cat bin/one.csv").out);
  const std::string svg = place.run("cat bin/one.svg").out;
  for (const char* label : {">hbm: 16.3 s<", ">dram: 15.9 min<", ">dram: 11.7 min<", ">ssd: 2.29 h<"})
    CHECK(svg.find(label) != std::string::npos);
}

TEST_CASE("does a generated workload survive its way through CSV?") {
  const Workplace place;
  CHECK(place.run("tiersim trace generate --out bin/chat.csv --set requests=40 --seed 3").status == 0);
  CHECK(place.run("tiersim trace convert bin/chat.csv --out bin/again.csv").status == 0);
  const Ran same = place.run("cmp bin/chat.csv bin/again.csv");
  INFO(same.out);
  CHECK(same.status == 0);
}

TEST_CASE("does a run print nothing but its table, and less when asked?") {
  const Workplace place;
  const std::string run = "tiersim run tests/golden/small.yaml";
  const Ran table = place.run(run);
  CHECK(table.status == 0);
  CHECK(table.err == "");
  CHECK(table.out != "");
  CHECK(place.run(run + " --quiet").out == "");
  CHECK(place.run(run + " --format json").out.starts_with("{"));
  CHECK(place.run(run + " --format csv").out.find(',') != std::string::npos);
}

TEST_CASE("do the resolved scenario, and any number of threads, give the same files?") {
  const Workplace place;
  const std::string same =
      " && for f in one/*; do case $f in *run_info*) ;; *) cmp $f two/${f##*/} || exit 1;; esac; done";
  CHECK(place.run("cp tests/golden/small.yaml it.yaml && tiersim run it.yaml --threads 1 --out one --quiet").status ==
        0);
  const Ran threads = place.run("tiersim run it.yaml --threads 2 --out two --quiet" + same);
  INFO(threads.out);
  CHECK(threads.status == 0);
  const Ran again =
      place.run("cp one/scenario.resolved.yaml it.yaml && tiersim run it.yaml --out two --overwrite --quiet" + same);
  INFO(again.out << again.err);
  CHECK(again.status == 0);
}

TEST_CASE("does an interrupted run keep what it has and say so?") {
  const Workplace place;
  // Interrupted as soon as it catches the signal, which it does while it simulates: SIGINT is bit 1 of the mask.
  const Ran ran = place.run(
      "tiersim run tests/golden/small.yaml --set workload.generate.chat.requests=200000 --bounds none --out out & "
      "p=$!; until grep -q tiersim /proc/$p/comm && grep -q 'SigCgt:.*[2367abef]$' /proc/$p/status; do sleep 0.01; "
      "done; kill -INT $p; wait $p");
  INFO(ran.err);
  CHECK(ran.status == 1);
  CHECK(ran.err.find("partial") != std::string::npos);
  CHECK(place.run("cat out/summary.json").out.find("\"finished\": false") != std::string::npos);
}
