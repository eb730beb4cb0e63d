#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/errc.h"

/// Results instead of exceptions for whatever input, peers or disks can cause. Exceptions are left
/// for a failed start and for memory running out; what only a bug can cause is SLUICE_ASSERT's
/// (assert.h).
namespace sluice {

/// Why an operation failed: a code and, where it helps a person, a remark that says what, where,
/// what is allowed and what to do. 16 bytes; a success costs nothing of it.
class [[nodiscard]] Error {
 public:
  Error(Errc code)
      : code_(code) {}  // NOLINT(google-explicit-constructor): `return Errc::x` is the idiom
  Error(Errc code, std::string remark)
      : code_(code), remark_(std::make_unique<std::string>(std::move(remark))) {}

  Errc code() const { return code_; }
  /// The remark, or the code's own text where none was given.
  std::string_view remark() const { return remark_ ? *remark_ : errc_row(code_).text; }

 private:
  Errc code_;
  std::unique_ptr<const std::string> remark_;
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(Errc::x, "...")` in a function that returns any Result.
inline std::unexpected<Error> fail(Errc code) { return std::unexpected<Error>(Error(code)); }
inline std::unexpected<Error> fail(Errc code, std::string remark) {
  return std::unexpected<Error>(Error(code, std::move(remark)));
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace sluice

#define SLUICE_CONCAT_(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_(a, b)

/// `SLUICE_TRY(auto x, f())`: x is f's value, or the function returns f's error.
#define SLUICE_TRY(decl, expr) SLUICE_TRY_(SLUICE_CONCAT(sluice_try_, __LINE__), decl, expr)
#define SLUICE_TRY_(tmp, decl, expr)                                         \
  auto tmp = (expr);                                                         \
  if (!tmp) return std::unexpected<::sluice::Error>(std::move(tmp.error())); \
  decl = std::move(*tmp)

/// The same for a Result<void>.
#define SLUICE_CHECK(expr)                                                      \
  do {                                                                          \
    if (auto sluice_check = (expr); !sluice_check) {                            \
      return std::unexpected<::sluice::Error>(std::move(sluice_check.error())); \
    }                                                                           \
  } while (false)

/// The same two in a coroutine.
#define SLUICE_CO_TRY(decl, expr) SLUICE_CO_TRY_(SLUICE_CONCAT(sluice_try_, __LINE__), decl, expr)
#define SLUICE_CO_TRY_(tmp, decl, expr)                                         \
  auto tmp = (expr);                                                            \
  if (!tmp) co_return std::unexpected<::sluice::Error>(std::move(tmp.error())); \
  decl = std::move(*tmp)
#define SLUICE_CO_CHECK(expr)                                                      \
  do {                                                                             \
    if (auto sluice_check = (expr); !sluice_check) {                               \
      co_return std::unexpected<::sluice::Error>(std::move(sluice_check.error())); \
    }                                                                              \
  } while (false)
