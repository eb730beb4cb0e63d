#include "net/tls.h"

#include <cerrno>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "base/assert.h"

namespace sluice::net {
namespace {

/// OpenSSL's own socket BIO would raise SIGPIPE in the program.
int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int send_bytes(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int receive_bytes(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::recv(socket_of(bio), bytes, static_cast<std::size_t>(size), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* socket_method() {
  static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_write(made, send_bytes);
    BIO_meth_set_read(made, receive_bytes);
    BIO_meth_set_ctrl(made, control);
    return std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)>(made, BIO_meth_free);
  }();
  return method.get();
}

std::string last_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* text = ERR_reason_error_string(code);
  return text != nullptr ? text : fmt::format("OpenSSL error {}", code);
}

int give_password(char* to, int size, int, void* settings) {
  const auto& password = static_cast<const TlsSettings*>(settings)->key_password;
  if (password.size() > static_cast<std::size_t>(size)) return 0;
  password.copy(to, password.size());
  return static_cast<int>(password.size());
}

std::unexpected<Error> cannot_use(std::string_view what, const std::string& file) {
  return fail(Errc::invalid_argument,
              fmt::format("TLS: the {} {} cannot be used: {}", what, file, last_error()));
}

}  // namespace

TlsClient::TlsClient(TlsSettings settings)
    : settings_(std::move(settings)), context_(SSL_CTX_new(TLS_client_method())) {
  SLUICE_ASSERT(context_ != nullptr);
}

TlsClient::~TlsClient() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsClient>> TlsClient::make(const TlsSettings& settings) {
  std::shared_ptr<TlsClient> client(new TlsClient(settings));
  SLUICE_CHECK(client->load());
  return client;
}

Result<void> TlsClient::load() {
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context_, settings_.check_issuer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  const TlsSettings& s = settings_;
  if (s.check_issuer && s.ca_file.empty()) SSL_CTX_set_default_verify_paths(context_);
  if (!s.ca_file.empty() &&
      SSL_CTX_load_verify_locations(context_, s.ca_file.c_str(), nullptr) != 1) {
    return cannot_use("ca_file", s.ca_file);
  }
  SSL_CTX_set_default_passwd_cb(context_, give_password);
  SSL_CTX_set_default_passwd_cb_userdata(context_,
                                         const_cast<TlsSettings*>(&s));  // NOLINT: C interface
  if (!s.certificate_file.empty() &&
      SSL_CTX_use_certificate_chain_file(context_, s.certificate_file.c_str()) != 1) {
    return cannot_use("certificate_file", s.certificate_file);
  }
  if (!s.key_file.empty() &&
      SSL_CTX_use_PrivateKey_file(context_, s.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return cannot_use("key_file", s.key_file);
  }
  return {};
}

TlsStream::TlsStream(const TlsClient& client, int socket, const std::string& host)
    : ssl_(SSL_new(client.context_)) {
  SLUICE_ASSERT(ssl_ != nullptr);
  BIO* bio = BIO_new(socket_method());
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));  // NOLINT: C
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl_);
  const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  if (!is_address) {
    SSL_set_tlsext_host_name(ssl_, host.c_str());
    if (client.settings_.check_name) SSL_set1_host(ssl_, host.c_str());
  } else if (!client.settings_.check_name) {
    X509_VERIFY_PARAM_set1_ip(rules, nullptr, 0);
  }
  ERR_clear_error();
  SSL_set_connect_state(ssl_);
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

std::string TlsStream::reason(int error) const {
  const long verified = SSL_get_verify_result(ssl_);
  if (verified != X509_V_OK) {
    return fmt::format("its certificate is refused: {}", X509_verify_cert_error_string(verified));
  }
  if (error == SSL_ERROR_SYSCALL || error == SSL_ERROR_ZERO_RETURN) {
    ERR_clear_error();
    return "the connection was closed: perhaps the server does not speak TLS";
  }
  return last_error();
}

TlsStream::Step TlsStream::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return Step::done;
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ) return Step::wants_read;
  if (error == SSL_ERROR_WANT_WRITE) return Step::wants_write;
  problem_ = "TLS: " + reason(error);
  return Step::failed;
}

ssize_t TlsStream::failed(int result) {
  const int error = SSL_get_error(ssl_, result);
  ERR_clear_error();
  wants_read_ = error == SSL_ERROR_WANT_READ;
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  errno = wants_read_ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
  return -1;
}

ssize_t TlsStream::read(std::span<const iovec> parts) {
  ssize_t total = 0;
  ERR_clear_error();
  for (const iovec& part : parts) {
    std::size_t n = 0;
    const int result = SSL_read_ex(ssl_, part.iov_base, part.iov_len, &n);
    if (result != 1) return total > 0 ? total : failed(result);
    total += static_cast<ssize_t>(n);
    if (n < part.iov_len) break;
  }
  return total;
}

ssize_t TlsStream::write(std::span<const iovec> parts) {
  ssize_t total = 0;
  ERR_clear_error();
  for (const iovec& part : parts) {
    std::size_t n = 0;
    const int result = SSL_write_ex(ssl_, part.iov_base, part.iov_len, &n);
    if (result != 1) return total > 0 ? total : failed(result);
    total += static_cast<ssize_t>(n);
    if (n < part.iov_len) break;
  }
  return total;
}

bool TlsStream::pending() const { return SSL_pending(ssl_) > 0; }

}  // namespace sluice::net
