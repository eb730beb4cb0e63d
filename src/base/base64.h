#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// Base64 with the alphabet for URLs ('-' and '_'), filled up with '='.
std::string base64_url(std::string_view bytes);

/// The bytes of such a text, with or without '=' at its end. Nothing when it is none.
std::optional<std::string> from_base64_url(std::string_view text);

}  // namespace sluice
