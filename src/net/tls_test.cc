#include <fstream>
#include <future>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/listener.h"

namespace sluice::net {
namespace {

using boost::asio::ip::tcp;
using testing::HasSubstr;

/// A key and a certificate that it signed itself, for `name` (as OpenSSL writes subjectAltName).
struct Identity {
  std::string directory = testing::TempDir() + "tls_" + std::to_string(getpid());
  std::string certificate = directory + "_cert.pem", key = directory + "_key.pem";

  explicit Identity(const char* name) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(
        EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> own(X509_new(), X509_free);
    X509_set_version(own.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(own.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(own.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(own.get()), 3600);
    X509_set_pubkey(own.get(), pair.get());
    X509_NAME* subject = X509_get_subject_name(own.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(own.get(), subject);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name);
    X509_add_ext(own.get(), names, -1);
    X509_EXTENSION_free(names);
    X509_sign(own.get(), pair.get(), EVP_sha256());
    FILE* file = fopen(certificate.c_str(), "w");
    PEM_write_X509(file, own.get());
    fclose(file);
    file = fopen(key.c_str(), "w");
    PEM_write_PrivateKey(file, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
    fclose(file);
  }
  ~Identity() {
    remove(certificate.c_str());
    remove(key.c_str());
  }
};

constexpr std::size_t kFrame = 100'000;  // several TLS records

/// Takes one connection, and gives back each frame that comes.
class EchoServer {
 public:
  explicit EchoServer(const Identity& identity)
      : context_(boost::asio::ssl::context::tls_server),
        acceptor_(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    context_.use_certificate_chain_file(identity.certificate);
    context_.use_private_key_file(identity.key, boost::asio::ssl::context::pem);
    thread_ = std::thread([this] { run(); });
  }
  ~EchoServer() {
    boost::system::error_code ignored;
    tcp::socket(io_).connect(acceptor_.local_endpoint(), ignored);  // wakes a vain accept
    thread_.join();
  }
  Endpoint endpoint() { return {.host = "127.0.0.1", .port = acceptor_.local_endpoint().port()}; }

 private:
  void run() {
    boost::system::error_code error;
    boost::asio::ssl::stream<tcp::socket> stream(acceptor_.accept(), context_);
    stream.handshake(boost::asio::ssl::stream_base::server, error);
    std::string frame(kFrame, '\0');
    while (!error) {
      boost::asio::read(stream, boost::asio::buffer(frame), error);
      if (!error) boost::asio::write(stream, boost::asio::buffer(frame), error);
    }
  }
  boost::asio::io_context io_;
  boost::asio::ssl::context context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

class Collector final : public Session {
 public:
  explicit Collector(std::promise<std::string>& got) : got_(got) {}
  Result<std::size_t> frame_size(Bytes) override { return kFrame; }
  void on_frames(std::span<const MutableBytes> frames) override {
    for (const MutableBytes frame : frames) got_.set_value(std::string(as_text(frame)));
  }
  void on_closed() override {}

 private:
  std::promise<std::string>& got_;
};

/// Connects, sends a frame and waits for it to come back; the error, or nothing.
std::string exchange(const Endpoint& endpoint, const TlsSettings& settings) {
  auto tls = TlsClient::make(settings);
  if (!tls) return std::string(tls.error().remark());
  ReactorPool reactors(1);
  std::promise<std::string> got;
  std::promise<Result<std::shared_ptr<Connection>>> connected;
  connect(
      reactors.at(0), endpoint, milliseconds(10'000), {},
      [&](const auto&) { return std::make_unique<Collector>(got); },
      [&](Result<std::shared_ptr<Connection>> c) { connected.set_value(std::move(c)); }, *tls);
  auto connection = connected.get_future().get();
  if (!connection) return std::string(connection.error().remark());
  std::string frame(kFrame, 'x');
  frame.back() = 'y';
  reactors.at(0).run_and_wait([&] {
    (*connection)->out().text().append(std::string_view(frame));
    (*connection)->flush();
  });
  const bool same = got.get_future().get() == frame;
  reactors.at(0).run_and_wait([&] { (*connection)->close(); });
  reactors.at(0).run_and_wait([] {});
  connection->reset();
  reactors.stop();
  return same ? "" : "another frame came back";
}

TEST(Tls, CarriesFramesOfManyRecords) {
  const Identity identity("IP:127.0.0.1");
  EchoServer server(identity);
  EXPECT_EQ(exchange(server.endpoint(), {.ca_file = identity.certificate}), "");
}

TEST(Tls, RefusesAnUnknownIssuer) {
  const Identity identity("IP:127.0.0.1");
  EchoServer server(identity);
  EXPECT_THAT(exchange(server.endpoint(), {}), HasSubstr("certificate is refused"));
}

TEST(Tls, RefusesAnotherName) {
  const Identity identity("DNS:elsewhere.example");
  EchoServer server(identity);
  EXPECT_THAT(exchange(server.endpoint(), {.ca_file = identity.certificate}),
              HasSubstr("certificate is refused"));
}

TEST(Tls, LooksAtTheIssuerAloneWhenToldTo) {
  const Identity identity("DNS:elsewhere.example");
  EchoServer server(identity);
  EXPECT_EQ(exchange(server.endpoint(), {.check_name = false, .ca_file = identity.certificate}),
            "");
}

TEST(Tls, TakesAnybodyWhenToldTo) {
  const Identity identity("DNS:elsewhere.example");
  EchoServer server(identity);
  EXPECT_EQ(exchange(server.endpoint(), {.check_issuer = false, .check_name = false}), "");
}

TEST(Tls, NamesTheFileThatCannotBeUsed) {
  EXPECT_THAT(exchange({}, {.ca_file = "/nowhere/ca.pem"}), HasSubstr("/nowhere/ca.pem"));
  EXPECT_THAT(exchange({}, {.certificate_file = "/nowhere/own.pem"}),
              HasSubstr("/nowhere/own.pem"));
}

}  // namespace
}  // namespace sluice::net
