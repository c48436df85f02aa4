// calibrate and validate as a user runs them: on measurements that are recorded here, whose laws are known, so that
// what is printed is always the same; and, for what the machine decides, on it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "calib/fingerprint.hpp"
#include "calib/profile.hpp"
#include "sim/config/yaml.hpp"
#include "tests/support/command.hpp"
#include "tests/support/golden.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace {

namespace fs = std::filesystem;

const std::string kRecorded = "tests/golden/calibration/";

calib::Profile read_profile(const std::string& path) {
  Diagnostics diagnostics;
  const config::Value map = config::load_yaml(path, diagnostics);
  config::Fields fields(map, "profile", diagnostics);
  calib::Profile profile = calib::read_profile(fields);
  throw_if_errors(diagnostics);
  return profile;
}

std::string content_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// tiersim, copied, with a program beside it that does as the CUDA program does, but gives recorded samples.
void install_with_gpu(const Workplace& place) {
  const fs::path folder = fs::path(place.path("gpu"));
  fs::create_directories(folder);
  fs::copy_file(fs::canonical(place.path("bin/tiersim")), folder / "tiersim");
  std::ofstream(folder / "tiersim_cuda") << "#!/bin/sh\n"
                                            "echo \"asked: $*\"\n"
                                            "while [ $# -gt 1 ]; do case $1 in --out) out=$2;; --fresh) fresh=$2;; "
                                            "--device) [ $2 = 0 ] || { echo no such GPU >&2; exit 2; };; esac; "
                                            "shift; done\n"
                                            "[ -n \"$out\" ] || exit 0\n"
                                            "mkdir -p $out\n"
                                            "sed s/host/cuda/ " +
                                                kRecorded +
                                                "fingerprint.json > $out/machine.json\n"
                                                "[ -n \"$FAIL\" ] && exit $FAIL\n"
                                                "if [ -n \"$fresh\" ]; then cp " +
                                                kRecorded + "fresh.csv $out; else cp " + kRecorded +
                                                "samples.csv $out; fi\n";
  fs::permissions(folder / "tiersim_cuda", fs::perms::owner_all);
}

}  // namespace

TEST_CASE("is a profile made from recorded samples, and does it name what it wrote?") {
  const Workplace place;
  const Ran ran = place.run("tiersim calibrate --samples " + kRecorded + "samples.csv --out it/model-5");
  INFO(ran.err);
  CHECK(ran.status == 0);
  CHECK(ran.err == "");
  expect_golden("cli/calibrate.txt", ran.out);
  const calib::Profile profile = read_profile(place.path("it/model-5.yaml"));
  CHECK(profile.name == "model-5");
  CHECK(profile.provenance == "measured");
  CHECK(content_of(place.path("it/model-5/samples.csv")) ==
        content_of(TIERSIM_SOURCE_DIR "/" + kRecorded + "samples.csv"));
  CHECK(content_of(place.path("it/model-5/samples.h5")).starts_with("\x89HDF"));
  CHECK(calib::text_in(calib::fingerprint_in(place.path("it/model-5")), "device") == "Model 5 processor");
  CHECK(fs::exists(place.path("it/model-5/machine.yaml")));
  // The same samples again are no others; samples of elsewhere would be lost without --fresh.
  CHECK(place.run("tiersim calibrate --samples it/model-5/samples.csv --out it/model-5").out == ran.out);
  CHECK(place.run("tiersim calibrate --samples " + kRecorded + "samples.csv --out it/model-5").status == 2);
  CHECK(place.run("tiersim calibrate --samples " + kRecorded + "samples.csv --out it/model-5 --fresh").status == 0);
}

TEST_CASE("is a profile held against recorded fresh points, and is a family that is off found?") {
  const Workplace place;
  REQUIRE(place.run("tiersim calibrate --samples " + kRecorded + "samples.csv --out it/model-5").status == 0);
  const std::string validate = "tiersim validate --profile it/model-5.yaml --samples " + kRecorded + "fresh.csv";
  const Ran ran = place.run(validate + " --csv it/points.csv");
  expect_golden("cli/validate.txt", ran.out);
  CHECK(ran.status == 1);
  CHECK(ran.err == "");
  const std::string csv = content_of(place.path("it/points.csv"));
  CHECK(csv.starts_with("family,kernel,variant,parameters,measured,predicted,error,again\n"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 12);
  const Ran good = place.run("grep -v gemv " + kRecorded + "fresh.csv > good.csv && tiersim validate --profile " +
                             "it/model-5.yaml --samples good.csv");
  CHECK(good.status == 0);
}

TEST_CASE("do dry runs print what would be measured, and leave nothing?") {
  const Workplace place;
  const Ran calibrate = place.run("tiersim calibrate --family overhead --budget 2s --dry-run --out it/new");
  CHECK(calibrate.status == 0);
  expect_golden("cli/calibrate_dry_run.txt", calibrate.out);
  CHECK_FALSE(fs::exists(place.path("it")));
  const Ran validate = place.run("tiersim validate --family memory --points 3 --budget 2min --seed 7 --dry-run");
  CHECK(validate.status == 0);
  CHECK(validate.out.find("all of it twice, seed 7") != std::string::npos);
}

TEST_CASE("does a calibration of this machine leave files that read back, and does resuming measure nothing twice?") {
  const Workplace place;
  const std::string command = "tiersim calibrate --family overhead --budget 2s --out it/here";
  const Ran first = place.run(command);
  INFO(first.out << first.err);
  // A machine that is busy with other things may disturb every point; then there is nothing to fit.
  const bool disturbed = first.status == 1 && first.err.find("quieter machine") != std::string::npos;
  CHECK((first.status == 0 || disturbed));
  const std::string csv = content_of(place.path("it/here/samples.csv"));
  const std::vector<calib::Sample> samples = calib::read_csv_file(place.path("it/here/samples.csv"));
  CHECK(samples.size() == 2);
  if (!disturbed) {
    CHECK_FALSE(read_profile(place.path("it/here.yaml")).laws.empty());
    CHECK(content_of(place.path("it/here/samples.h5")).starts_with("\x89HDF"));
  }
  CHECK(place.run("ls -A it it/here | grep part").out == "");

  (void)place.run(command);
  CHECK(content_of(place.path("it/here/samples.csv")).starts_with(csv));
  std::map<std::string, int> sound;
  for (const calib::Sample& s : calib::read_csv_file(place.path("it/here/samples.csv")))
    if (!s.throttled) CHECK(++sound[s.point.key()] == 1);
}

TEST_CASE("does an interrupted calibration keep its points and say how to go on?") {
  const Workplace place;
  const Ran ran = place.run(
      "tiersim calibrate --family memory --budget 1min --out it/here & p=$!; "
      "until [ -s it/here/samples.csv ]; do sleep 0.01; done; kill -INT $p; wait $p");
  INFO(ran.err);
  CHECK(ran.status == 1);
  CHECK(ran.out == "");
  CHECK(ran.err.find("kept in it/here/samples.csv\n      = the same command continues\n") != std::string::npos);
  CHECK_FALSE(fs::exists(place.path("it/here.yaml")));
}

TEST_CASE("are samples of another machine left alone?") {
  const Workplace place;
  (void)place.run("mkdir -p it/x && cp " + kRecorded + "* it/x");
  const Ran ran = place.run("tiersim calibrate --family overhead --budget 2s --out it/x");
  CHECK(ran.status == 2);
  CHECK(ran.err.find("'it/x' holds samples of another machine: its ") != std::string::npos);
  CHECK(content_of(place.path("it/x/samples.csv")) == content_of(TIERSIM_SOURCE_DIR "/" + kRecorded + "samples.csv"));
  const Ran unknown = place.run("rm it/x/fingerprint.json; tiersim calibrate --budget 2s --out it/x");
  CHECK(unknown.status == 2);
  CHECK(unknown.err.find("no fingerprint.json says of which machine") != std::string::npos);
}

TEST_CASE("is a GPU measured by the program beside the command?") {
  const Workplace place;
  install_with_gpu(place);
  const Ran ran = place.run("gpu/tiersim calibrate --device cuda:0 --budget 90s --family gemm,memcpy --out it/gpu");
  INFO(ran.err);
  CHECK(ran.status == 0);
  CHECK(ran.err == "asked: --device 0 --budget 90.000s --seed 1 --out it/gpu --family gemm,memcpy\n");
  CHECK(ran.out.find("it/gpu.yaml") != std::string::npos);
  CHECK(read_profile(place.path("it/gpu.yaml")).provenance == "measured");

  const Ran validated = place.run("gpu/tiersim validate --device cuda:0 --profile it/gpu.yaml --seed 5 --points 3");
  INFO(validated.err);
  CHECK(validated.err.find("--seed 5") != std::string::npos);
  CHECK(validated.err.find("--family memcpy,gemm,overhead --fresh 3") != std::string::npos);
  CHECK(validated.out.find("cuda:0 against it/gpu.yaml, seed 5") != std::string::npos);
  CHECK(validated.status == 1);

  CHECK(place.run("gpu/tiersim calibrate --device cuda:0 --dry-run").out ==
        "asked: --device 0 --budget 300.000s --seed 1 --dry-run\n");
}

TEST_CASE("is an unknown family answered with those there are?") {
  const Workplace place;
  for (const char* command : {"calibrate", "validate"}) {
    const Ran ran = place.run(std::string("tiersim ") + command + " --family overhed --dry-run");
    CHECK(ran.status == 2);
    CHECK(ran.err.find("did you mean 'overhead'?") != std::string::npos);
  }
}

TEST_CASE("does a GPU that cannot be measured, or not to the end, say so?") {
  const Workplace place;
  install_with_gpu(place);
  const Ran none = place.run("gpu/tiersim calibrate --device cuda:3 --out it/gpu");
  CHECK(none.status == 2);
  CHECK(none.err.find("no such GPU\ntiersim calibrate: error: cuda:3 cannot be measured") != std::string::npos);
  const Ran stopped = place.run("FAIL=3 gpu/tiersim calibrate --device cuda:0 --out it/gpu");
  CHECK(stopped.status == 1);
  CHECK(stopped.err.find("stopped early (status 3): what it measured is kept in it/gpu\n"
                         "      = the same command continues") != std::string::npos);
  const Ran built_without = place.run("rm gpu/tiersim_cuda; gpu/tiersim calibrate --device cuda:0 --out it/gpu");
  CHECK(built_without.status == 2);
  CHECK(built_without.err.find("built without CUDA") != std::string::npos);
}
