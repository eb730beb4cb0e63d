#pragma once

#include <string>
#include <type_traits>

#include <boost/assert/source_location.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>
#include <sluice/errc.h>

/// How operations of the client fail: with a value, never with an exception.
///
///   sluice::Outcome<sluice::Receipt> sent = producer.send(message);
///   if (!sent) std::cerr << sent.error().remark << '\n';
///   if (sent.has_error() && sent.error().code == sluice::Errc::timed_out) …
///   sent.value();  // for those who like it: throws boost::system::system_error
template <>
struct boost::system::is_error_code_enum<sluice::Errc> : std::true_type {};

namespace sluice {

/// The category of Errc: messages are sentences.
const boost::system::error_category& error_category() noexcept;

inline boost::system::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code) + 1, error_category()};  // 0 would be no error
}

/// Whether the same operation may succeed later, unchanged.
bool is_retryable(const boost::system::error_code& code) noexcept;

/// What went wrong: the kind, and a sentence for people that names the broker or the option, with
/// what the broker said if it did.
struct Failure {
  boost::system::error_code code;
  std::string remark;
};

/// A T or a Failure.
template <class T>
using Outcome = boost::system::result<T, Failure>;

/// What Outcome::value() does when there is none.
[[noreturn]] inline void throw_exception_from_error(const Failure& failure,
                                                    const boost::source_location&) {
  throw boost::system::system_error(failure.code, failure.remark);  // lint: allow(banned) value()
}

}  // namespace sluice
