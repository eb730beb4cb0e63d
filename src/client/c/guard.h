#pragma once

#include <exception>
#include <string>
#include <utility>

#include <sluice/error.h>
#include <sluice/sluice.h>

/// What every function of the C interface goes through: errors become codes and a text, and no
/// exception gets out.
namespace sluice::c {

/// The text of this thread's last failure.
std::string& last_error();

/// Notes the failure and gives its code.
int failed(const Failure& failure);

/// Runs `body`, which gives an Outcome<void>.
template <class Body>
int guarded(Body body) noexcept {
  try {
    const Outcome<void> outcome = body();
    return outcome ? 0 : failed(outcome.error());
  } catch (const std::exception& e) {  // memory, or threads that cannot be started
    return failed({Errc::internal, e.what()});
  } catch (...) {
    return failed({Errc::internal, "an exception that says nothing"});
  }
}

/// For what a caller may not leave out. Gives an Outcome<void>.
inline Outcome<void> needed(bool there, const char* what) {
  if (there) return {};
  return Failure{Errc::invalid_argument, std::string(what) + " must not be null"};
}

}  // namespace sluice::c
