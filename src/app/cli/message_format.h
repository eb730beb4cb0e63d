#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/reader.h"

namespace sluice::app {

/// How `consume` writes a message: `body` and a line end; `json`, an object a line; or a template
/// with {fields}, where \n, \t, \\ and {{ stand for themselves, and a line end follows.
///
/// JSON has topic, broker, queue, offset, id, key, tag, born, stored (ms since the epoch),
/// properties, and body; a body that is not UTF-8 comes as bodyBase64.
class MessageFormat {
 public:
  /// Errors: invalid_argument that names the unknown field and lists those there are.
  static Result<MessageFormat> parse(std::string_view text);

  std::string write(const client::Received& message) const;

 private:
  using Field = std::string (*)(const client::Received&);
  /// Text, then a field or a user property.
  struct Part {
    std::string text;
    Field field = nullptr;
    std::string property{};
  };
  bool json_ = false;
  std::vector<Part> parts_;
};

/// "topic, broker, …", for help.
std::string message_field_names();

}  // namespace sluice::app
