#include "client/producing/recall_handle.h"

#include <array>

#include <fmt/format.h>

#include "base/base64.h"

namespace sluice::client {

Result<RecallHandle> parse_recall_handle(std::string_view text) {
  const std::string plain = from_base64_url(text).value_or(std::string());
  std::array<std::string_view, 5> words;
  std::string_view rest = plain;
  for (std::string_view& word : words) {
    word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  if (words[0] != "v1" || words[4].empty()) {
    return fail(Errc::message_illegal,
                fmt::format("'{}' is no recall handle: give the one of the receipt", text));
  }
  return RecallHandle{std::string(words[1]), std::string(words[2]), std::string(words[4])};
}

}  // namespace sluice::client
