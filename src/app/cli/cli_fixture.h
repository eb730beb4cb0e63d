#pragma once

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "app/cli/commands.h"
#include "client/test_server.h"
#include "wire/remoting/requests/names.h"

/// For tests only: the verbs as typed, against servers that answer from a table.
namespace sluice::app {

struct Outcome {
  int status = -1;
  std::string out, err;
};

/// Runs `sluice <words>` with this standard input.
inline Outcome run(std::vector<std::string> words, const std::string& input = {}) {
  CLI::App cli{"sluice"};
  int status = kExitOk;
  add_cli_commands(cli, status);
  std::vector<const char*> argv{"sluice"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  std::istringstream in(input);
  std::streambuf* const old = std::cin.rdbuf(in.rdbuf());
  std::cin.clear();
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.status = run_cli(cli, static_cast<int>(argv.size()), argv.data(), status);
  std::fflush(stdout);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  std::cin.rdbuf(old);
  return outcome;
}

/// A name server that knows the topic T with one queue on broker-a, and that broker.
struct CliTest : testing::Test {
  client::TestServer names, broker;
  bool topic_exists = true;
  std::string known_topic = "T";
  std::mutex mutex;

  CliTest() {
    names.on(wire::remoting::GetRoute::kCode, [this](const wire::remoting::Command& request) {
      if (!topic_exists || request.ext.get("topic") != known_topic) {
        return client::Reply{.code = 17, .remark = "no route"};
      }
      return client::TestServer::route({{"broker-a", broker.address()}}, 1);
    });
    wire::remoting::ClusterInfo info;
    info.brokers = {
        {.cluster = "c", .broker_name = "broker-a", .addresses = {{0, broker.address()}}}};
    info.clusters["c"] = {"broker-a"};
    Buffer body;
    info.encode(body);
    names.on(wire::remoting::GetClusterInfo::kCode,
             client::Reply{.body = std::string(as_text(body.bytes()))});
  }

  Outcome run_here(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.end(), {"--namesrv", names.address()});
    return run(std::move(words), input);
  }
};

}  // namespace sluice::app
