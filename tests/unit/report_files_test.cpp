// What is written: CSV, JSON, HDF5, and the directory that holds them.
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <hdf5.h>
#include <sstream>
#include <vector>

#include "sim/core/diagnostics.hpp"
#include "sim/report/csv.hpp"
#include "sim/report/files.hpp"
#include "sim/report/json.hpp"
#include "sim/report/json_text.hpp"
#include "sim/report/series_h5.hpp"
#include "tests/support/report_samples.hpp"

using namespace tiersim;
using namespace tiersim::test;

namespace fs = std::filesystem;

namespace {

/// An empty place of its own, gone afterwards.
class Scratch {
 public:
  explicit Scratch(const std::string& name) : path_(fs::temp_directory_path() / ("tiersim_report_files_" + name)) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(path_); }
  [[nodiscard]] fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void put(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::vector<std::int64_t> dataset_of(const std::string& image, const char* name, std::string& unit) {
  const Scratch scratch("h5");
  const fs::path path = scratch / "series.h5";
  put(path, image);
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
  const hid_t space = H5Dget_space(dataset);
  std::vector<std::int64_t> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  H5Dread(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  const hid_t attribute = H5Aopen(dataset, "unit", H5P_DEFAULT);
  const hid_t type = H5Aget_type(attribute);
  unit.resize(H5Tget_size(type));
  H5Aread(attribute, type, unit.data());
  unit.resize(unit.find('\0'));
  H5Tclose(type), H5Aclose(attribute), H5Sclose(space), H5Dclose(dataset), H5Fclose(file);
  return values;
}

}  // namespace

TEST_CASE("has requests.csv a row per request, empty where nothing happened?") {
  RunResult run = empty_run();
  RequestOutcome r = completed(1, 2, 3, 4, 64, 5);
  r.replica = 1, r.preemptions = 2, r.load_wait = Duration(7), r.recomputed_after_preemption = 9;
  r.first.tier = {16, 32}, r.first.fresh = 16;
  RequestOutcome rejected;
  rejected.arrival = Time(9), rejected.prompt = 70, rejected.output = 1, rejected.measured = false;
  rejected.status = RequestStatus::rejected, rejected.reason = RejectReason::context_too_long;
  run.outcome.requests = {r, rejected};
  CHECK(requests_csv(run) ==
        "request,arrival_ns,replica,status,reason,measured,prompt_tokens,output_tokens,scheduled_ns,first_token_ns,"
        "last_token_ns,load_wait_ns,preemptions,recomputed_after_preemption,first_hbm,first_dram,first_recomputed,"
        "first_new,final_hbm,final_dram,final_recomputed,final_new\n"
        "0,1000000,1,completed,,true,64,5,2000000,3000000,4000000,7,2,9,16,32,0,16,0,0,0,64\n"
        "1,9,0,rejected,context_too_long,false,70,1,,,,0,0,0,,,,,,,,\n");
}

TEST_CASE("is the summary JSON with every metric of the run and of each reference?") {
  const Result result = full_result();
  const Report report(result);
  const auto json = nlohmann::json::parse(summary_json(report));
  CHECK(json["scenario"] == result.scenario);
  CHECK(json["metrics"].size() == report.metrics.all.size());
  CHECK(json["metrics"]["ttft.mean"]["value"].get<double>() == *report.metrics["ttft.mean"]);
  CHECK(json["metrics"]["ttft.mean"]["unit"] == "s");
  CHECK(json["references"].size() == 3);
  CHECK(json["references"][0]["metrics"]["hit_rate.tokens"]["value"].is_number());
  CHECK(json["metrics"]["tier.hbm.loads"]["value"].is_null());
}

TEST_CASE("are numbers in JSON the shortest that read back the same, and texts escaped?") {
  JsonText json;
  json.begin_object().member("a", 0.1).member("b", 1e300).member("c", NAN).member("d\"\n", "x\\y\t").member("e", -3);
  json.key("f").begin_array().end_array();
  CHECK(json.end_object().take() ==
        "{\n  \"a\": 0.1,\n  \"b\": 1e+300,\n  \"c\": null,\n  \"d\\\"\\u000a\": \"x\\\\y\\u0009\",\n  \"e\": -3,\n"
        "  \"f\": []\n}\n");
}

TEST_CASE("are run_info's rates absent where no time passed?") {
  const auto json = nlohmann::json::parse(run_info_json(RunInfo{}));
  CHECK(json["requests_per_second"].is_null());
  RunInfo info;
  info.seconds = 2, info.requests = 10;
  CHECK(nlohmann::json::parse(run_info_json(info))["requests_per_second"] == 5.0);
}

TEST_CASE("are two series files of one run the same to the byte?") {
  const Result result = full_result();
  CHECK(series_h5(result.run) == series_h5(result.run));
}

TEST_CASE("can the series be read back, with its units?") {
  RunResult run = empty_run();
  SeriesPoint a, b;
  a.at = Time(0), b.at = Time(1'000'000'000);
  b.waiting = 3, b.resident = {4, 5}, b.tokens_out = -6;
  run.outcome.series = {a, b};
  const std::string image = series_h5(run);
  std::string unit;
  CHECK(dataset_of(image, "time", unit) == std::vector<std::int64_t>{0, 1'000'000'000});
  CHECK(unit == "ns");
  CHECK(dataset_of(image, "waiting", unit) == std::vector<std::int64_t>{0, 3});
  CHECK(unit == "requests");
  CHECK(dataset_of(image, "resident_dram", unit) == std::vector<std::int64_t>{0, 5});
  CHECK(unit == "blocks");
  CHECK(dataset_of(image, "tokens_out", unit) == std::vector<std::int64_t>{0, -6});
}

TEST_CASE("can a run without samples be written?") { CHECK(series_h5(empty_run()).size() > 0); }

TEST_CASE("does a new directory get every file and nothing else?") {
  const Scratch scratch("new");
  const fs::path out = scratch / "deep/down";
  const Result result = full_result();
  write_output_directory(out.string(), output_files(Report(result), RunInfo{}), false);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(out)) files += entry.is_regular_file();
  CHECK(files == 5);
  CHECK(content_of(out / "scenario.resolved.yaml") == "seed: 1\n");
  CHECK(content_of(out / "summary.json") == summary_json(Report(result)));
}

TEST_CASE("is a directory with something in it left alone, unless told to overwrite?") {
  const Scratch scratch("used");
  put(scratch / "notes.txt", "mine");
  put(scratch / "summary.json", "old");
  const std::vector<OutputFile> files = {{"summary.json", "new"}};
  const std::string directory = (scratch / "").string();
  std::string message;
  try {
    write_output_directory(directory, files, false);
  } catch (const BadInput& error) {
    message = error.what();
  }
  CHECK(message == "--out " + directory +
                       ": error: the directory is not empty\n      = it holds notes.txt, summary.json\n"
                       "      = name another, or replace earlier results in it with --overwrite\n");
  CHECK(content_of(scratch / "summary.json") == "old");

  write_output_directory(directory, files, true);
  CHECK(content_of(scratch / "summary.json") == "new");
  CHECK(content_of(scratch / "notes.txt") == "mine");
}

TEST_CASE("is a file in the directory's place bad input?") {
  const Scratch scratch("file");
  put(scratch / "out", "x");
  CHECK_THROWS_AS(check_output_directory((scratch / "out").string(), true), BadInput);
  CHECK_THROWS_AS(check_output_directory("", true), BadInput);
}

TEST_CASE("does a file that an option names replace its namesake, in a directory made for it?") {
  const Scratch scratch("named");
  const std::string path = (scratch / "new/points.csv").string();
  write_output_file("--csv", path, "old");
  put(scratch / "new/notes.txt", "mine");
  write_output_file("--csv", path, "new");
  CHECK(content_of(path) == "new");
  CHECK(content_of(scratch / "new/notes.txt") == "mine");
}

TEST_CASE("does a file that cannot be written blame the option that names it?") {
  const Scratch scratch("blame");
  put(scratch / "file", "x");
  const auto message = [](const std::string& path) -> std::string {
    try {
      check_output_file("--csv", path);
    } catch (const BadInput& error) {
      return error.what();
    }
    return "";
  };
  const std::string file = (scratch / "file").string(), folder = (scratch / "").parent_path().string();
  CHECK(message(file) == "");
  CHECK(message(file + "/x.csv") ==
        "--csv " + file + "/x.csv: error: '" + file + "' is a file\n      = name a directory\n");
  CHECK(message(folder) == "--csv " + folder + ": error: there is a directory of that name\n      = name a file\n");
}

TEST_CASE("does a failed write leave nothing behind?") {
  const Scratch scratch("fails");
  const fs::path fresh = scratch / "fresh/out";
  const std::vector<OutputFile> bad = {{"summary.json", "{}"}, {"no/such/folder", "x"}};
  CHECK_THROWS_AS(write_output_directory(fresh.string(), bad, false), std::runtime_error);
  CHECK_FALSE(fs::exists(scratch / "fresh"));

  fs::create_directories(scratch / "used/series.h5");  // a folder where a file should go
  put(scratch / "used/summary.json", "old");
  const std::vector<OutputFile> blocked = {{"summary.json", "new"}, {"series.h5", "x"}};
  std::string message;
  try {
    write_output_directory((scratch / "used").string(), blocked, true);
  } catch (const std::runtime_error& error) {
    message = error.what();
  }
  CHECK(message == (scratch / "used/series.h5").string() + ": Is a directory");
  CHECK(content_of(scratch / "used/summary.json") == "old");
}
