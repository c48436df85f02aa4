#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/archives.hpp"
#include "tests/support/trace_files.hpp"

using namespace tiersim;
using namespace tiersim::traces;
using namespace tiersim::tests;

namespace {

/// A file's content and what should be said about it first.
struct Case {
  const char* format;
  std::string content;
  std::int64_t record;
  std::int64_t byte;
  std::string message;
};

const std::string kGood = R"({"timestamp": 1000, "input_length": 600, "output_length": 5, "hash_ids": [0, 1]})"
                          "\n";
const std::string kAzure = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
const std::string kCsv = "arrival,prompt_tokens,output_tokens\n";

std::string mooncake(const std::string& time, const std::string& in, const std::string& out, const std::string& ids) {
  return R"({"timestamp": )" + time + R"(, "input_length": )" + in + R"(, "output_length": )" + out +
         R"(, "hash_ids": )" + ids + "}\n";
}

/// Beside the file lie those of a folder of samples, if one is named.
void check(const Case& c, const std::string& beside = "") {
  CAPTURE(c.content);
  const TemporaryFolder folder;
  if (!beside.empty()) copy_sample(beside, folder);
  Diagnostics diagnostics;
  const Trace trace = read_trace(folder.write("t", c.content), c.format, diagnostics);
  CHECK(trace.size() == 0);
  REQUIRE(diagnostics.all().size() == 1);
  const Diagnostic& found = diagnostics.all()[0];
  CHECK(found.message == c.message);
  CHECK(found.mark.file == folder.path("t"));
  CHECK(found.mark.record == c.record);
  CHECK(found.mark.byte == c.byte);
}

}  // namespace

TEST_CASE("what is said about a bad Mooncake file?") {
  const auto bytes = static_cast<std::int64_t>(kGood.size());
  const std::vector<Case> cases{
      {"mooncake", "", -1, 0, "the trace is empty"},
      {"mooncake", "\n\n", -1, 0, "the trace has no records"},
      {"mooncake", kGood + R"({"timestamp": 2000, "input_len)", 2, bytes,
       "the line is no complete JSON object: a string in it has no closing quote; truncated?"},
      {"mooncake", kGood + mooncake("2000", "-5", "5", "[0]"), 2, bytes + 36,
       "'input_length' is -5, but should be a whole number, 0 or more"},
      {"mooncake", kGood + mooncake("NaN", "5", "5", "[0]"), 2, bytes + 14,
       "'timestamp' is NaN, but should be a whole number, 0 or more"},
      {"mooncake", kGood + mooncake("2e3", "5", "5", "[0]"), 2, bytes + 14,
       "'timestamp' is 2e3, but should be a whole number, 0 or more"},
      {"mooncake", kGood + mooncake("2000", "\"5\"", "5", "[0]"), 2, bytes + 36,
       "'input_length' is \"5\", but should be a whole number, 0 or more"},
      {"mooncake", kGood + mooncake("2000", "0", "5", "[]"), 2, bytes,
       "'input_length' is 0, but a request has at least 1 token"},
      {"mooncake", kGood + mooncake("2000", "5", "0", "[0]"), 2, bytes,
       "'output_length' is 0, but a request has at least 1 token"},
      {"mooncake", kGood + mooncake("999", "5", "5", "[0]"), 2, bytes,
       "time goes backwards: 'timestamp' is 0.001 s before the last record's"},
      {"mooncake", kGood + mooncake("99999999999999999", "5", "5", "[0]"), 2, bytes,
       "'timestamp' is more than 146 years after the start"},
      {"mooncake", kGood + mooncake("2000", "600", "5", "[0]"), 2, bytes,
       "'hash_ids' has 1 ids, but 600 tokens of 'input_length' are 2 blocks of 512"},
      {"mooncake", kGood + mooncake("2000", "600", "5", "[0, -1]"), 2, bytes + 77,
       "'hash_ids' holds -1, but should hold whole numbers, 0 or more"},
      {"mooncake", kGood + mooncake("2000", "600", "5", "[0, 1.5 ]"), 2, bytes + 77,
       "'hash_ids' holds 1.5, but should hold whole numbers, 0 or more"},
      {"mooncake", kGood + mooncake("2000", "600", "5", "[0, 18446744073709551616]"), 2, bytes + 77,
       "'hash_ids' holds 18446744073709551616, but should hold whole numbers, 0 or more"},
      {"mooncake", kGood + mooncake("2000", "600", "5", "[0, 1,]"), 2, bytes + 79,
       "'hash_ids' holds ], but should hold whole numbers, 0 or more"},
      {"mooncake", kGood + mooncake("2000", "600", "5", "7"), 2, bytes + 73,
       "'hash_ids' is 7, but should be a list of whole numbers"},
      {"mooncake", kGood + mooncake("2000", "4294967296", "5", "[0]"), 2, bytes,
       "'input_length' is 4294967296, more than 32 bits hold"},
      {"mooncake", kGood + mooncake("2000", "4294967295", "5", "[0]"), 2, bytes,
       "'input_length' and 'output_length' together are 4294967300, more than 32 bits hold"},
      {"mooncake", kGood + R"({"timestamp": 2000, "input_length": 5, "hash_ids": [0]})", 2, bytes,
       "'output_length' is missing"},
      {"mooncake", kGood + R"({"timestamp": 2000, "timestamp": 5})", 2, bytes, "'timestamp' appears twice"},
      {"mooncake", mooncake("0", "5", "5", "[0] } {").substr(0, 90), 1, 0, "text after the record's last brace"},
      {"mooncake", R"({"timestamp": 1, "input_length": 5, "hash_ids": [0])" + std::string("\n"), 1, 0,
       "the line is no complete JSON object: it ends before its closing '}'; truncated?"},
      {"mooncake", R"({"timestamp": 1 "input_length": 5})" + std::string("\n"), 1, 0,
       "the line is no complete JSON object: a ',', ':', quote or bracket is missing or one too many"},
      {"mooncake", "[1, 2]\n", 1, 0, "the line is no JSON object: it starts with '[1, 2]', expected '{'"},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("what is said about a bad Azure file?") {
  const std::string row = kAzure + "2023-11-16 18:15:46.6805900,374,44\n";
  const auto bytes = static_cast<std::int64_t>(row.size());
  const std::vector<Case> cases{
      {"azure", "a,b\n1,2\n", -1, 0, "the first line should be the header TIMESTAMP,ContextTokens,GeneratedTokens"},
      {"azure", kAzure, -1, 0, "the trace has no records"},
      {"azure", row + "2023-11-16 18:15:46.6805900,374", 2, bytes + 31,
       "'GeneratedTokens' is '', but should be a whole number, 1 or more"},
      {"azure", row + "2023-11-31 18:15:46.6805900,374,5\n", 2, bytes,
       "'TIMESTAMP' is '2023-11-31 18:15:46.6805900', but should be a time like 2023-11-16 18:15:46.6805900"},
      {"azure", row + "2023-11-16 18:15:46.6805900,-1,5\n", 2, bytes + 28,
       "'ContextTokens' is '-1', but should be a whole number, 1 or more"},
      {"azure", row + "2023-11-16 18:15:46.6805900,5,nan\n", 2, bytes + 30,
       "'GeneratedTokens' is 'nan', but should be a whole number, 1 or more"},
      {"azure", row + "2023-11-16 18:15:46.6805900,5,0\n", 2, bytes,
       "'GeneratedTokens' is 0, but a request has at least 1 token"},
      {"azure", row + "2023-11-16 18:15:46.6805900,5,5,5\n", 2, bytes + 30,
       "'GeneratedTokens' is '5,5', but should be a whole number, 1 or more"},
      {"azure", row + "2023-11-16 18:15:45.6805900,5,5\n", 2, bytes,
       "time goes backwards: 'TIMESTAMP' is 1 s before the last record's"},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("what is said about a bad plain CSV?") {
  const std::string row = kCsv + "1,5,5\n";
  const auto bytes = static_cast<std::int64_t>(row.size());
  const std::vector<Case> cases{
      {"csv", "arrival,prompt_token,output_tokens,prompt_tokens\n1,1,1,1\n", -1, 8,
       "unknown column 'prompt_token'; did you mean 'prompt_tokens'?"},
      {"csv", "arrival,prompt_tokens,arrival,output_tokens\n", -1, 22, "column 'arrival' appears twice"},
      {"csv", "arrival,prompt_tokens\n1,1\n", -1, 0, "the header has no column 'output_tokens'"},
      {"csv", "arrival,prompt_tokens,output_tokens,think_time\n", -1, 0,
       "column 'think_time' needs a column 'session' or 'previous'"},
      {"csv", kCsv, -1, 0, "the trace has no records"},
      {"csv", row + "2,5\n", 2, bytes, "2 fields, but the header has 3"},
      {"csv", row + "nan,5,5\n", 2, bytes, "'arrival' is 'nan', but should be seconds, 0 or more"},
      {"csv", row + "-2,5,5\n", 2, bytes, "'arrival' is '-2', but should be seconds, 0 or more"},
      {"csv", row + "1e12,5,5\n", 2, bytes, "'arrival' is '1e12', but should be seconds, 0 or more"},
      {"csv", row + "5e9,5,5\n", 2, bytes, "'arrival' is more than 146 years after the start"},
      {"csv", row + "2,5.5,5\n", 2, bytes + 2, "'prompt_tokens' is '5.5', but should be a whole number, 1 or more"},
      {"csv", row + "0.5,5,5\n", 2, bytes, "time goes backwards: 'arrival' is 0.5 s before the last record's"},
      {"csv", row + "2,0,5\n", 2, bytes, "'prompt_tokens' is 0, but a request has at least 1 token"},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("what is said about bad token ids?") {
  const std::vector<Case> cases{
      {"tokens", R"({"input_toks": 2, "output_toks": 1, "arrival_time_ns": 0, "input_tok_ids": [1]})", 1, 0,
       "'input_tok_ids' has 1 ids, but 'input_toks' is 2"},
      {"tokens", R"({"input_toks": 1, "output_toks": 1, "arrival_time_ns": 0})", 1, 0, "'input_tok_ids' is missing"},
      {"tokens", R"({"input_toks": 1, "output_toks": 1, "arrival_time_ns": 0, "input_tok_ids": [4294967296]})", 1, 0,
       "'input_tok_ids' holds 4294967296, more than 32 bits hold"},
      {"tokens",
       R"({"input_toks": 1, "output_toks": 2, "arrival_time_ns": 0, "input_tok_ids": [1], "output_tok_ids": []})", 1, 0,
       "'output_tok_ids' has 0 ids, but 'output_toks' is 2"},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("what is said about columns of turns in a plain CSV?") {
  const std::string tree = "arrival,prompt_tokens,output_tokens,previous,think_time\n1,5,5,,\n";
  const auto bytes = static_cast<std::int64_t>(tree.size());
  const std::vector<Case> cases{
      {"csv", "arrival,prompt_tokens,output_tokens,session,previous\n", -1, 0,
       "columns 'session' and 'previous' exclude each other"},
      {"csv", tree + "2,5,5,2,1\n", 2, bytes + 6, "'previous' is '2', but should be the number of an earlier record"},
      {"csv", tree + "2,5,5,0,1\n", 2, bytes + 6, "'previous' is '0', but should be the number of an earlier record"},
      {"csv", tree + "2,5,5,1,x\n", 2, bytes + 8, "'think_time' is 'x', but should be seconds, 0 or more"},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("what is said about a bad Bailian file?") {
  const std::string good =
      R"({"chat_id": 1, "parent_chat_id": -1, "timestamp": 5, "input_length": 16, "output_length": 1, "hash_ids": [0]})"
      "\n";
  const auto bytes = static_cast<std::int64_t>(good.size());
  const auto row = [&](const std::string& fields) { return good + R"({"chat_id": 2, )" + fields + "}\n"; };
  const std::vector<Case> cases{
      {"bailian", "\n", -1, 0, "the trace has no records"},
      {"bailian", row(R"("timestamp": 6, "input_length": 16, "output_length": 1)"), 2, bytes, "'hash_ids' is missing"},
      {"bailian", row(R"("timestamp": 4, "input_length": 16, "output_length": 1, "hash_ids": [1])"), 2, bytes,
       "time goes backwards: 'timestamp' is 1 s before the last record's"},
      {"bailian", row(R"("timestamp": "6")"), 2, bytes + 28,
       "'timestamp' is \"6\", but should be seconds, 0 or more, below 146 years"},
      {"bailian", row(R"("timestamp": 6, "parent_chat_id": 1.5)"), 2, bytes + 49,
       "'parent_chat_id' is 1.5, but should be a whole number"},
      {"bailian", row(R"("timestamp": 6, "input_length": 0, "output_length": 1, "hash_ids": [])"), 2, bytes,
       "'input_length' is 0, but a request has at least 1 token"},
      {"bailian", row(R"("timestamp": 6, "input_length": 40, "output_length": 9, "hash_ids": [1])"), 2, bytes,
       "'hash_ids' has 1 ids, but 40 tokens of 'input_length' and 9 of 'output_length' are 2 to 4 blocks of 16"},
      {"bailian", row(R"("timestamp": 6, "input_length": 40, "output_length": 8, "hash_ids": [1, 2, 3, 4])"), 2, bytes,
       "'hash_ids' has 4 ids, but 40 tokens of 'input_length' and 8 of 'output_length' are 2 to 3 blocks of 16"},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("what is said about a bad BurstGPT file?") {
  const std::string row = "Timestamp,Request tokens,Response tokens,Session ID,Elapsed time\n5,5,5,1,2\n";
  const auto bytes = static_cast<std::int64_t>(row.size());
  const std::vector<Case> cases{
      {"burstgpt", "Timestamp,Model,Response tokens\n", -1, 0, "the header has no column 'Request tokens'"},
      {"burstgpt", "Timestamp,Request tokens,Timestamp(s),Response tokens\n", -1, 25,
       "column 'Timestamp' appears twice"},
      {"burstgpt", "Timestamp,Request tokens,Response tokens\n5,0,0\n", -1, 0,
       "the trace has no records of answered requests"},
      {"burstgpt", row + "6,5\n", 2, bytes, "2 fields, but the header has 5"},
      {"burstgpt", row + "x,5,5,,\n", 2, bytes, "'Timestamp' is 'x', but should be seconds, 0 or more"},
      {"burstgpt", row + "6,-5,5,,\n", 2, bytes + 2,
       "'Request tokens' is '-5', but should be a whole number, 0 or more"},
      {"burstgpt", row + "6,5,,,\n", 2, bytes + 4, "'Response tokens' is '', but should be a whole number, 0 or more"},
      {"burstgpt", row + "6,5,5,,soon\n", 2, bytes + 7, "'Elapsed time' is 'soon', but should be seconds, 0 or more"},
      {"burstgpt", row + "4,5,5,,\n", 2, bytes, "time goes backwards: 'Timestamp' is 1 s before the last record's"},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("what is said about a bad file of kvcache.ai's format?") {
  const std::string good = R"({"block_size": 4, "hash_ids": [1, 2], "input_length": 7, "timestamp": 5})"
                           "\n";
  const auto bytes = static_cast<std::int64_t>(good.size());
  const std::vector<Case> cases{
      {"kvcache", R"({"hash_ids": [1], "input_length": 4})", 1, 0,
       "'block_size' is missing, and in the records before"},
      {"kvcache", R"({"block_size": 0, "hash_ids": [1], "input_length": 4})", 1, 0, "'block_size' is 0"},
      {"kvcache", good + R"({"block_size": 8, "hash_ids": [1], "input_length": 4})", 2, bytes,
       "'block_size' is 8, but 4 in the records before"},
      {"kvcache", good + R"({"hash_ids": [1], "block_size": 4})", 2, bytes, "'input_length' is missing"},
      {"kvcache", good + R"({"hash_ids": [1, 2, 3], "input_length": 8})", 2, bytes,
       "'hash_ids' has 3 ids, but 8 tokens of 'input_length' are 2 blocks of 4"},
      {"kvcache", good + R"({"hash_ids": [1, 2], "input_length": 8, "block_tokens": [4]})", 2, bytes,
       "'block_tokens' has 1 numbers, but 'hash_ids' 2 ids"},
      {"kvcache", good + R"({"hash_ids": [1, 2], "input_length": 8, "block_tokens": [3, 4]})", 2, bytes,
       "'block_tokens' are no blocks of 4, all full but the last, of a prompt of 8"},
      {"kvcache", good + R"({"hash_ids": [1, 2], "input_length": 8, "block_tokens": [5, 3]})", 2, bytes,
       "'block_tokens' are no blocks of 4, all full but the last, of a prompt of 8"},
      {"kvcache", good + R"({"hash_ids": [1], "input_length": 4, "timestamp": "6"})", 2, bytes + 50,
       "'timestamp' is \"6\", but should be a number, 0 or more, below 4.6e9"},
      {"kvcache", good + R"({"hash_ids": [1], "input_length": 4, "timestamp": 4})", 2, bytes,
       "time goes backwards: 'timestamp' is 1 s before the last record's"},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("what is said about a bad oracleGeneral file?") {
  const std::string sample_bytes = bytes_of(sample("oracleGeneral.bin"));
  std::string backwards = sample_bytes, odd_next = sample_bytes;
  backwards[24] = 99;  // the second record's time, of 100
  odd_next[24 + 16] = '\xFD';
  const std::vector<Case> cases{
      {"oracleGeneral", "", -1, 0, "the trace is empty"},
      {"oracleGeneral", sample_bytes.substr(0, 60), 3, 48, "the file ends within a record of 24 bytes: truncated?"},
      {"oracleGeneral", backwards, 2, 24, "time goes backwards: 'time' is 1 s before the last record's"},
      {"oracleGeneral", odd_next, 2, 24, "the next use is -3"},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("what is said about a bad RAGPulse file, and about bad tables?") {
  const std::string good = bytes_of(sample("ragpulse/0_trace.jsonl"));
  const std::string first = good.substr(0, good.find('\n') + 1);
  const auto bytes = static_cast<std::int64_t>(first.size());
  const auto row = [&](const std::string& time, const std::string& prompt, const std::string& chunks) {
    return first + R"({"timestamp": )" + time + R"(, "input_length": )" + prompt +
           R"(, "output_length": 1, "hash_ids": )" + chunks + "}\n";
  };
  const std::vector<Case> cases{
      {"ragpulse", row("9", "20", "{}"), 2, bytes + 14, "'timestamp' is 9, but should be a word in quotes"},
      {"ragpulse", row("\"x\"", "20", "{}"), 2, bytes, "'timestamp' is 'x', but should be seconds, 0 or more"},
      {"ragpulse", row("\"99\"", "20", "7"), 2, bytes + 72, "'hash_ids' is 7, but should be an object"},
      {"ragpulse", row("\"99\"", "20", R"({"history": [3]})"), 2, bytes, "chunk 3 is in no table of token lengths"},
      {"ragpulse", row("\"99\"", "15", R"({"sys_prompt": [1]})"), 2, bytes,
       "the chunks of 'hash_ids' have more tokens than 'input_length', 15"},
  };
  for (const Case& c : cases) check(c, "ragpulse");
  const std::string again = "{\"history_id\": 1, \"token_length\": 3}\n";
  const TemporaryFolder folder;
  folder.write("0_trace.jsonl", good);
  for (const char* file : {"1_sys_prompt.jsonl", "2_passages.jsonl", "4_user_input.jsonl"})
    folder.write(file, bytes_of(sample("ragpulse/" + std::string(file))));
  folder.write("3_history.jsonl", again);
  Diagnostics diagnostics;
  (void)read_trace(folder.path("0_trace.jsonl"), "ragpulse", diagnostics);
  CHECK(diagnostics.render() == folder.path("3_history.jsonl") +
                                    ": record 1, byte 0: error: chunk 1 has a length already\n" +
                                    folder.path("5_web_search.jsonl") +
                                    ": error: cannot read this table of token lengths, which belongs beside the trace: "
                                    "No such file or directory\n");
}

TEST_CASE("what is said about a bad session of agents?") {
  const std::string head = R"({"block_size":64,"hash_id_scope":"local","requests":[)";
  const std::string good = R"({"t":5,"in":64,"out":1,"hash_ids":[1]},)";
  const auto first = static_cast<std::int64_t>(head.size()), second = first + static_cast<std::int64_t>(good.size());
  const auto with = [&](const std::string& entry) { return head + good + entry + "]}"; };
  const std::vector<Case> cases{
      {"kv-cache-tester", head + "]}", -1, 0, "the trace has no records"},
      {"kv-cache-tester", "{}", -1, 0, "'block_size' is missing"},
      {"kv-cache-tester", R"({"block_size":0})", -1, 0, "'block_size' is 0"},
      {"kv-cache-tester", R"({"block_size":64,"requests":[]})", -1, 0, "'hash_id_scope' should come before 'requests'"},
      {"kv-cache-tester", R"({"block_size":64,"hash_id_scope":"both"})", -1, 0,
       "'hash_id_scope' is 'both', but should be local or global"},
      {"kv-cache-tester", R"({"block_size":64,"hash_id_scope":7})", -1, 33,
       "'hash_id_scope' is 7, but should be a word in quotes"},
      {"kv-cache-tester", R"({"block_size":64,"hash_id_scope":"local","requests":7})", -1, 52,
       "'requests' is 7, but should be a list of objects"},
      {"kv-cache-tester", head + "7]}", -1, first, "'requests' holds 7, but should hold objects"},
      {"kv-cache-tester", with(R"({"in":64,"out":1,"hash_ids":[1]})"), 2, second, "'t' is missing"},
      {"kv-cache-tester", with(R"({"t":6,"in":64,"hash_ids":[1]})"), 2, second, "'out' is missing"},
      {"kv-cache-tester", with(R"({"t":6,"in":64,"out":1})"), 2, second, "'hash_ids' is missing"},
      {"kv-cache-tester", with(R"({"t":-1,"in":64,"out":1,"hash_ids":[1]})"), 2, second + 5,
       "'t' is -1, but should be seconds, 0 or more, below 146 years"},
      {"kv-cache-tester", with(R"({"t":6,"in":64,"out":1,"hash_ids":[1],"think_time":5e9})"), 2, second + 51,
       "'think_time' is 5e9, but should be seconds, 0 or more, below 146 years"},
      {"kv-cache-tester", with(R"({"t":4.5,"in":64,"out":1,"hash_ids":[1]})"), 2, second,
       "time goes backwards: 't' is 0.5 s before the last record's"},
      {"kv-cache-tester", with(R"({"t":6,"in":0,"out":1,"hash_ids":[]})"), 2, second,
       "'in' is 0, but a request has at least 1 token"},
      {"kv-cache-tester", with(R"({"t":6,"in":127,"out":1,"hash_ids":[1,2]})"), 2, second,
       "'hash_ids' has 2 ids, but 127 tokens of 'in' are 1 full blocks of 64"},
      {"kv-cache-tester", with(R"({"t":6,"in":64,"out":1,"hash_ids":[1.5]})"), 2, second + 35,
       "'hash_ids' holds 1.5, but should hold whole numbers, 0 or more"},
      {"kv-cache-tester", with(R"({"t":6,"out":1,"requests":[]})"), 2, second, "'out' and 'requests' in one entry"},
      {"kv-cache-tester", with(R"({"t":6,"requests":[{"t":1,"in":64,"out":1}]})"), 3, second + 19,
       "'hash_ids' is missing"},
      {"kv-cache-tester", with(R"({"t":4e9,"requests":[{"t":4e9,"in":1,"out":1,"hash_ids":[]}]})"), 2, second,
       "'t' is more than 146 years after the start"},
      {"kv-cache-tester", head + good + R"({"t":6,"in)", -1, 0,
       "the file is no complete JSON object: a string in it has no closing quote; truncated?"},
      {"kv-cache-tester", with(""), 1, second, "'requests' holds ], but should hold objects"},
      {"kv-cache-tester", head + "]}{}", -1, 0, "text after the record's last brace"},
      {"kv-cache-tester", with(R"({"t":6 "in":64})"), 2, second,
       "the file is no complete JSON object: a ',', ':', quote or bracket is missing or one too many"},
      {"kv-cache-tester", "hello", -1, -1, "cannot read the archive: Unrecognized archive format"},
  };
  for (const Case& c : cases) check(c);
}

TEST_CASE("which session of several does a mistake name?") {
  const TemporaryFolder folder;
  const std::string head = R"({"block_size":64,"hash_id_scope":"local","requests":[)";
  const std::string good = head + R"({"t":5,"in":64,"out":1,"hash_ids":[1]}]})";
  folder.write("s/a.json", good);
  folder.write("s/b.json", head + "7]}");
  folder.write("s/c.json", R"({"block_size":32,"hash_id_scope":"local","requests":[]})");
  Diagnostics diagnostics;
  (void)read_trace(folder.path("s"), "kv-cache-tester", diagnostics);
  CHECK(diagnostics.render() ==
        folder.path("s/b.json") + ": byte 53: error: 'requests' holds 7, but should hold objects\n" +
            folder.path("s/c.json") + ": byte 0: error: 'block_size' is 32, but 64 in the sessions before\n");
  write_tar(folder.path("t"), {{"a.json", good}, {"x/b.json", head}}, Compression::zstd);
  Diagnostics of_archive;
  (void)read_trace(folder.path("t"), "kv-cache-tester", of_archive);
  CHECK(of_archive.render() == folder.path("t") +
                                   ":x/b.json: byte 0: error: the file is no complete JSON object: it ends before its "
                                   "closing '}'; truncated?\n");
  const std::string whole = bytes_of(folder.path("t"));
  Diagnostics cut;
  (void)read_trace(folder.write("t", whole.substr(0, whole.size() / 2)), "kv-cache-tester", cut);
  CHECK(cut.render() == folder.path("t") + ": error: cannot read the archive: Truncated zstd input\n");
}

TEST_CASE("a file that cannot be read says why") {
  Diagnostics diagnostics;
  (void)read_trace("/nowhere/t.csv", "csv", diagnostics);
  CHECK(diagnostics.render() == "/nowhere/t.csv: error: cannot read the trace: No such file or directory\n");
  const TemporaryFolder folder;
  Diagnostics other;
  (void)read_trace(folder.path(), "csv", other);
  CHECK(other.all().at(0).message == "cannot read the trace: it is a folder");
}

TEST_CASE("after 20 mistakes reading stops and says so") {
  const TemporaryFolder folder;
  std::string text = kCsv;
  for (int i = 0; i < 50; ++i) text += "x,1,1\n";
  Diagnostics diagnostics;
  (void)read_trace(folder.write("t", text), "csv", diagnostics);
  REQUIRE(diagnostics.all().size() == 20);
  CHECK(diagnostics.all()[19].mark.record == 20);
  CHECK(diagnostics.all()[19].notes == std::vector<std::string>{"stopped here after 20 errors; there may be more"});
  CHECK(diagnostics.all()[18].notes.empty());
}
