#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <sluice/client.h>

/// What the driver's subcommands share: their arguments, and the lines they print.
namespace sluice {
struct ReceivedMessage;
}

namespace driver {

/// `key=value` words.
class Args {
 public:
  Args(int argc, char** argv);
  std::string text(const std::string& key, const std::string& otherwise = {}) const;
  int number(const std::string& key, int otherwise) const;
  /// `a,b,c`, empty ones included.
  std::vector<std::string> list(const std::string& key, const std::string& otherwise = {}) const;
  /// Those whose key starts with the prefix, without it.
  std::map<std::string, std::string> starting(std::string_view prefix) const;

 private:
  std::map<std::string, std::string> values_;
};

/// Prints a line at once; any thread.
void line(const std::string& event, nlohmann::json fields = nlohmann::json::object());

std::string crc(std::string_view bytes);
std::int64_t now_ms();
/// Blocks until the harness closes our standard input or writes a line: the way it says "stop".
void until_told();

/// `ns=` [instance=] [namespace=] [tls=none|issuer|name] [ca=FILE] [cert=FILE] [key=FILE]
/// [access=KEY] [secret=KEY].
sluice::ClientOptions client_options(const Args& args);

/// The line `got`.
void got(const std::string& by, const sluice::ReceivedMessage& message);
/// Blocks until the harness closes standard input or writes a line.
void until_told();

int allocate(const Args& args);
int litepull(const Args& args);
int pop(const Args& args);
int send(const Args& args);
int transact(const Args& args);
int request(const Args& args);
int reply(const Args& args);
int consume(const Args& args);
int measure(const Args& args);

}  // namespace driver
