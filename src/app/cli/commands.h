#pragma once

#include <CLI/CLI.hpp>

/// The command line's verbs but `serve`: topic, produce, consume, group, message,
/// dlq, top, bench, store, config.
namespace sluice::app {

/// What the program's exit status means; part of its interface.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;    ///< refused, or failed on the way
inline constexpr int kExitUsage = 2;     ///< the command line is wrong
inline constexpr int kExitNotThere = 3;  ///< nobody answers, or there is no such thing

/// Adds the verbs. The one that the command line names runs inside `cli.parse()` and leaves its
/// exit status in `exit_code`, which must outlive that call.
void add_cli_commands(CLI::App& cli, int& exit_code);

/// Parses and so runs. Help goes to standard output; what is wrong with the command line to
/// standard error. Gives the exit status.
int run_cli(CLI::App& cli, int argc, const char* const* argv, const int& exit_code);

// One verb each.
void add_topic_commands(CLI::App& cli, int& exit_code);
void add_produce_command(CLI::App& cli, int& exit_code);
void add_consume_command(CLI::App& cli, int& exit_code);
void add_group_commands(CLI::App& cli, int& exit_code);
void add_dlq_commands(CLI::App& cli, int& exit_code);
void add_message_commands(CLI::App& cli, int& exit_code);
void add_top_command(CLI::App& cli, int& exit_code);
void add_bench_commands(CLI::App& cli, int& exit_code);
void add_trace(CLI::App& message, int& exit_code);  ///< of `message`
void add_timed(CLI::App& message, int& exit_code);  ///< of `message`
void add_store_commands(CLI::App& cli, int& exit_code);
void add_config_command(CLI::App& cli, int& exit_code);

}  // namespace sluice::app
