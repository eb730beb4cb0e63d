#pragma once

#include <memory>
#include <span>
#include <string>

#include <sys/types.h>
#include <sys/uio.h>

#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;

/// TLS (OpenSSL) over sockets that are connected already.
namespace sluice::net {

struct TlsSettings {
  bool check_issuer = true;  ///< the peer's certificate must come from a known authority,
  bool check_name = true;    ///< and be for the name or address that was connected to
  std::string ca_file;       ///< PEM; empty: the system's authorities
  std::string certificate_file, key_file, key_password;  ///< PEM; empty: none of our own
};

/// What the connections of one client share. Immutable; any thread.
class TlsClient {
 public:
  /// Errors: invalid_argument, naming the file that cannot be used and why.
  static Result<std::shared_ptr<const TlsClient>> make(const TlsSettings& settings);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

 private:
  friend class TlsStream;
  explicit TlsClient(TlsSettings settings);
  Result<void> load();

  const TlsSettings settings_;
  ssl_ctx_st* context_;
};

/// The encrypted side of one socket that does not block. One thread.
class TlsStream {
 public:
  enum class Step : std::uint8_t { done, wants_read, wants_write, failed };

  /// `host` is what was connected to. The socket must outlive it.
  TlsStream(const TlsClient& client, int socket, const std::string& host);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// Goes on with the handshake; again when the socket can be read or written, as it wants.
  Step handshake();
  /// Why the handshake failed.
  const std::string& problem() const { return problem_; }

  /// Like readv and writev: bytes; 0 at the end; -1 with errno, EAGAIN while it wants_read() or
  /// wants to write.
  ssize_t read(std::span<const iovec> parts);
  ssize_t write(std::span<const iovec> parts);
  /// Of the last read or write that gave EAGAIN.
  bool wants_read() const { return wants_read_; }
  /// Bytes that are decrypted and not read yet: the socket does not show them.
  bool pending() const;

 private:
  ssize_t failed(int result);
  std::string reason(int error) const;

  ssl_st* ssl_;
  std::string problem_;
  bool wants_read_ = false;
};

}  // namespace sluice::net
