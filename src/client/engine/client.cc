#include <sluice/client.h>
#include <sluice/error.h>

#include "base/errc.h"
#include "client/engine/core.h"

namespace sluice {

Client::Client(ClientOptions options) : core_(std::make_shared<client::Core>(std::move(options))) {}
Client::~Client() { close(); }
void Client::close() { core_->close(); }
const std::string& Client::id() const { return core_->client_id(); }

const boost::system::error_category& error_category() noexcept {
  struct Category final : boost::system::error_category {
    const char* name() const noexcept override { return "sluice"; }
    std::string message(int code) const override {
      return std::string(errc_row(static_cast<Errc>(code - 1)).text);
    }
  };
  static const Category instance;
  return instance;
}

bool is_retryable(const boost::system::error_code& code) noexcept {
  return code.category() == error_category() &&
         errc_row(static_cast<Errc>(code.value() - 1)).retryable;
}

}  // namespace sluice
