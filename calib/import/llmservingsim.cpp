#include "calib/import/llmservingsim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <tuple>

#include "calib/import/csv_table.hpp"
#include "calib/import/kernel_work.hpp"
#include "sim/config/yaml.hpp"
#include "sim/cost/operators.hpp"

namespace tiersim::calib {
namespace {

namespace fs = std::filesystem;

constexpr double kMicroseconds = 1e-6;

/// Their layer, our operator.
struct Layer {
  std::string_view theirs, ours;
};
constexpr std::array kDense = {
    Layer{"embedding", "embedding"}, Layer{"layernorm", "input norm"},    Layer{"qkv_proj", "qkv"},
    Layer{"rotary_emb", "rotary"},   Layer{"o_proj", "attention output"}, Layer{"gate_up_proj", "gate and up"},
    Layer{"act_fn", "activation"},   Layer{"down_proj", "down"}};
constexpr std::array kHead = {Layer{"final_layernorm", "final norm"}, Layer{"lm_head", "head"},
                              Layer{"sampler", "sampling"}};

std::int64_t whole(const CsvTable& table, std::size_t column) {
  return static_cast<std::int64_t>(table.number(column));
}

const Operator& operator_named(const Operators& operators, std::string_view name, const CsvTable& table) {
  for (const Operator& op : operators) {
    if (op.name == name) return op;
  }
  throw std::runtime_error(fmt::format("{}: the model has no operator '{}'", table.place(), name));
}

template <std::size_t N>
const Layer* find(const std::array<Layer, N>& layers, std::string_view theirs) {
  const auto at = std::find_if(layers.begin(), layers.end(), [&](const Layer& l) { return l.theirs == theirs; });
  return at == layers.end() ? nullptr : &*at;
}

/// A batch of one chunk and equal or unequal decoding sequences: one row of the attention tables.
struct Row {
  std::int64_t chunk = 0, offset = 0, decodes = 0, context = 0;
  auto operator<=>(const Row&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 errs
};

/// Of the decoding sequences.
struct Contexts {
  double sum = 0, longest = 0;
};

Contexts equal(const Row& row) {
  const double n = static_cast<double>(row.decodes), context = static_cast<double>(row.context);
  return {n * context, context};
}

Tokens tokens(double count) { return Tokens(std::lround(count)); }

class Reader {
 public:
  Reader(const models::ModelSpec& model, std::int64_t ranks, ImportedTables& out)
      : operators_(model, Ranks{ranks, 1}), ranks_(ranks), out_(out) {}

  /// `skew`: skew.csv belongs to the same profile.
  void read(const std::string& folder, bool skew) {
    read_layers(folder + "/dense.csv", "tokens");
    read_layers(folder + "/per_sequence.csv", "sequences");
    read_attention(folder + "/attention.csv");
    std::error_code ignored;
    if (skew && fs::exists(folder + "/skew.csv", ignored)) read_skew(folder + "/skew.csv");
  }

 private:
  void read_layers(const std::string& path, const char* count) {
    CsvTable table(path);
    const std::size_t layer = table.column("layer"), of = table.column(count), time = table.column("time_us");
    while (table.next()) {
      const std::string_view name = table.text(layer);
      const auto n = static_cast<std::int64_t>(table.positive(of));
      const Layer *dense = find(kDense, name), *head = find(kHead, name);
      if (dense == nullptr && head == nullptr)
        throw std::runtime_error(fmt::format("{}: unknown layer '{}'", table.place(), name));
      const Operators all = dense != nullptr ? operators_.linear(Tokens(n)) : operators_.head(n);
      const Operator& op = operator_named(all, dense != nullptr ? dense->ours : head->ours, table);
      Sample sample = operator_sample(op, "bf16", table.positive(time) * kMicroseconds);
      if (op.kind == OperatorKind::elementwise) sample.point.parameters.push_back({"tokens", static_cast<double>(n)});
      out_.samples.push_back(std::move(sample));
    }
  }

  void read_attention(const std::string& path) {
    CsvTable table(path);
    const std::size_t chunk = table.column("prefill_chunk"), offset = table.column("kv_prefill"),
                      decodes = table.column("n_decode"), context = table.column("kv_decode"),
                      time = table.column("time_us");
    while (table.next()) {
      const Row row{whole(table, chunk), whole(table, offset), whole(table, decodes), whole(table, context)};
      const double seconds = table.positive(time) * kMicroseconds;
      uniform_.emplace_back(row, seconds);
      add_attention(table, row, equal(row), seconds);
    }
    std::sort(uniform_.begin(), uniform_.end());
  }

  /// Seconds of a row of attention.csv; 0 where it has none.
  [[nodiscard]] double uniform(const Row& row) const {
    const auto at = std::lower_bound(uniform_.begin(), uniform_.end(), std::pair(row, 0.0));
    return at != uniform_.end() && at->first == row ? at->second : 0;
  }

  void read_skew(const std::string& path) {
    CsvTable table(path);
    const std::size_t decodes = table.column("n"), large = table.column("nb"), chunk = table.column("pc"),
                      offset = table.column("kp"), smallest = table.column("kvs"), largest = table.column("kv_big"),
                      mean = table.column("kv_mean"), of_mean = table.column("t_mean_us"),
                      of_largest = table.column("t_max_us"), of_skewed = table.column("t_skew_us");
    while (table.next()) {
      const Row at_largest{whole(table, chunk), whole(table, offset), whole(table, decodes), whole(table, largest)};
      const double scale = uniform(at_largest) / table.positive(of_largest);
      if (scale <= 0) continue;  // nothing tells what a sum over iterations is
      const std::int64_t context = std::lround(table.positive(mean));
      Row row = at_largest;
      row.context = context;
      add_attention(table, row, equal(row), table.positive(of_mean) * scale);
      const std::int64_t many = whole(table, large), few = row.decodes - many;
      const double big = table.positive(largest), small = table.positive(smallest);
      const Contexts contexts{static_cast<double>(many) * big + static_cast<double>(few) * small, big};
      add_attention(table, row, contexts, table.positive(of_skewed) * scale);
    }
  }

  void add_attention(const CsvTable& table, const Row& row, const Contexts& contexts, double seconds) {
    Batch batch;
    if (row.chunk > 0) batch.add_chunk(Tokens(row.chunk), Tokens(row.offset));
    batch.decodes = row.decodes, batch.decode_context = tokens(contexts.sum);
    if (row.decodes > 0) batch.longest = std::max(batch.longest, tokens(contexts.longest));
    Operators attention;
    operators_.attention(batch, attention, true);
    if (attention.size() != 1) throw std::runtime_error(table.place() + ": the model's layers are not all alike");
    Sample sample = operator_sample(attention[0], "bf16", seconds);
    sample.point.parameters.push_back({"decodes", static_cast<double>(row.decodes)});
    sample.point.parameters.push_back({"contexts", contexts.sum});
    sample.point.parameters.push_back({"tokens", static_cast<double>(row.chunk)});
    out_.samples.push_back(std::move(sample));
  }

  StepOperators operators_;
  std::int64_t ranks_;
  ImportedTables& out_;
  std::vector<std::pair<Row, double>> uniform_;  // rows of attention.csv, sorted
};

config::Value meta_of(const std::string& folder) {
  Diagnostics diagnostics;
  std::error_code ignored;
  const std::string inside = folder + "/meta.yaml",
                    path = fs::exists(inside, ignored) ? inside : folder + "/../meta.yaml";
  config::Value meta = config::load_yaml(path, diagnostics);
  if (diagnostics.has_errors()) throw std::runtime_error(diagnostics.render());
  return meta;
}

std::string text_in_meta(const config::Value& meta, const char* key) {
  const config::Value* value = meta.find(key);
  return value == nullptr ? std::string() : value->scalar;
}

/// "llama-3.1-8b" of "meta-llama/Llama-3.1-8B".
std::string library_name(std::string model) {
  model.erase(0, model.rfind('/') + 1);
  for (char& c : model) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return model;
}

/// The ranks of a folder "tp2", or 0.
std::int64_t ranks_of(const fs::path& folder) {
  const std::string name = fs::weakly_canonical(folder).filename().string();
  std::int64_t ranks = 0;
  if (name.starts_with("tp")) std::from_chars(name.data() + 2, name.data() + name.size(), ranks);
  return ranks;
}

std::vector<fs::path> rank_folders(const std::string& folder) {
  if (ranks_of(folder) > 0) return {folder};
  std::vector<fs::path> out;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory() && ranks_of(entry.path()) > 0) out.push_back(entry.path());
  }
  if (out.empty()) throw std::runtime_error(fmt::format("'{}' has no folder tp1, tp2, ...", folder));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

ImportedTables read_llmservingsim(const std::string& folder, const ModelNamed& model_named) {
  const std::vector<fs::path> folders = rank_folders(folder);
  const config::Value meta = meta_of(folder);
  const models::ModelSpec model = model_named(library_name(text_in_meta(meta, "model")));
  ImportedTables out;
  out.fingerprint = {{"kind", "cuda"},
                     {"device", text_in_meta(meta, "gpu")},
                     {"software", "vllm " + text_in_meta(meta, "vllm_version")},
                     {"model", model.name},
                     {"source", "profiles of casys-kaist/LLMServingSim (MIT)"}};
  out.shapes = {
      {"gemm", {"m"}}, {"elementwise", {"tokens"}}, {"attention", {"tokens", "offset", "decodes", "contexts"}}};
  out.included = {{"elementwise", kernel::kKvWrite, "bf16", {}}};
  const config::Value* skew = meta.find("skew_profile");
  const bool skewed = skew != nullptr && text_in_meta(*skew, "enabled") == "true";
  for (const fs::path& ranks : folders) Reader(model, ranks_of(ranks), out).read(ranks.string(), skewed);
  return out;
}

}  // namespace tiersim::calib
