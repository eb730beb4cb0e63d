#include <chrono>
#include <cstdio>
#include <functional>
#include <mutex>

#include <boost/crc.hpp>

#include "driver.h"

namespace driver {

Args::Args(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) values_[word.substr(0, equals)] = word.substr(equals + 1);
  }
}

std::string Args::text(const std::string& key, const std::string& otherwise) const {
  const auto found = values_.find(key);
  return found == values_.end() ? otherwise : found->second;
}

int Args::number(const std::string& key, int otherwise) const {
  const std::string word = text(key);
  return word.empty() ? otherwise : nlohmann::json::parse(word).get<int>();
}

std::vector<std::string> Args::list(const std::string& key, const std::string& otherwise) const {
  std::string rest = text(key, otherwise);
  std::vector<std::string> words;
  for (std::size_t comma; (comma = rest.find(',')) != std::string::npos;) {
    words.push_back(rest.substr(0, comma));
    rest.erase(0, comma + 1);
  }
  words.push_back(rest);
  return words;
}

std::map<std::string, std::string> Args::starting(std::string_view prefix) const {
  std::map<std::string, std::string> found;
  for (const auto& [key, value] : values_) {
    if (key.compare(0, prefix.size(), prefix) == 0) found[key.substr(prefix.size())] = value;
  }
  return found;
}

void line(const std::string& event, nlohmann::json fields) {
  static std::mutex mutex;
  fields["event"] = event;
  const std::string text =
      fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  const std::lock_guard<std::mutex> lock(mutex);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::string crc(std::string_view bytes) {
  boost::crc_32_type sum;
  sum.process_bytes(bytes.data(), bytes.size());
  return std::to_string(sum.checksum());
}

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

sluice::ClientOptions client_options(const Args& args) {
  static const std::map<std::string, sluice::TlsCheck> checks{{"none", sluice::TlsCheck::none},
                                                              {"issuer", sluice::TlsCheck::issuer},
                                                              {"name", sluice::TlsCheck::name}};
  sluice::ClientOptions options{.name_servers = args.text("ns"),
                                .address_server = args.text("domain"),
                                .instance = args.text("instance"),
                                .heartbeat = std::chrono::milliseconds(args.number("beat", 30'000)),
                                .name_space = args.text("namespace")};
  options.credentials = {.access_key = args.text("access"), .secret_key = args.text("secret")};
  const auto check = checks.find(args.text("tls"));
  if (check != checks.end()) {
    options.tls = {.enabled = true,
                   .check = check->second,
                   .ca_file = args.text("ca"),
                   .certificate_file = args.text("cert"),
                   .key_file = args.text("key")};
  }
  options.log = [](sluice::LogLevel, std::string_view text) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  };
  return options;
}

}  // namespace driver

int main(int argc, char** argv) {
  static const std::map<std::string, std::function<int(const driver::Args&)>> commands{
      {"allocate", driver::allocate}, {"consume", driver::consume}, {"litepull", driver::litepull},
      {"measure", driver::measure},   {"pop", driver::pop},         {"reply", driver::reply},
      {"request", driver::request},   {"send", driver::send},       {"transact", driver::transact}};
  const auto found = commands.find(argc > 1 ? argv[1] : "");
  if (found == commands.end()) {
    std::fputs(
        "usage: client-driver allocate|consume|litepull|measure|pop|reply|request|send|transact "
        "key=value ...\n",
        stderr);
    return 2;
  }
  const int code = found->second(driver::Args(argc, argv));
  driver::line("done");
  return code;
}
