#include "client/c/guard.h"

namespace sluice::c {

std::string& last_error() {
  thread_local std::string text;
  return text;
}

int failed(const Failure& failure) {
  last_error() = failure.remark.empty() ? failure.code.message() : failure.remark;
  return failure.code.value();
}

}  // namespace sluice::c

using namespace sluice;

const char* sluice_last_error() { return c::last_error().c_str(); }

const char* sluice_code_text(int code) {
  if (code == 0) return "success";
  thread_local std::string text;
  text = boost::system::error_code(code, error_category()).message();
  return text.c_str();
}

int sluice_code_is_retryable(int code) {
  return code != 0 && is_retryable(boost::system::error_code(code, error_category())) ? 1 : 0;
}
