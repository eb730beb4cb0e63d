#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/numbers.h"
#include "base/result.h"
#include "wire/remoting/command.h"

/// A request's or response's header as a table: one row per field (name, member, whether a correct
/// sender always sets it). Decoding, encoding, error texts and the documentation follow from the
/// table.
///
///   struct PullRequest {
///     static constexpr std::int32_t kCode = 11;
///     static constexpr std::string_view kName = "PULL_MESSAGE";
///     std::string_view topic; std::int32_t queue_id = 0; std::optional<std::int64_t> sub_version;
///     … using Wire = Fields<Required<"topic", &PullRequest::topic>, Required<"queueId",
///     &PullRequest::queue_id>,
///                         Optional<"subVersion", &PullRequest::sub_version>>;
///   };
///
/// Member types: std::string_view, std::string, std::int32_t, std::int64_t, bool, std::optional of
/// those.
namespace sluice::wire::remoting {

template <std::size_t N>
struct FieldName {
  char text[N]{};
  consteval FieldName(const char (&s)[N]) {
    std::copy_n(s, N, text);
  }  // NOLINT: a literal is the idiom
  constexpr std::string_view view() const { return {text, N - 1}; }
};

namespace detail {

/// `,"name":"`; names need no escape.
template <FieldName kName>
inline constexpr auto kJsonKey = [] {
  constexpr std::string_view kText = kName.view();
  static_assert(
      std::ranges::all_of(kText, [](char c) { return c > ' ' && c != '"' && c != '\\'; }));
  std::array<char, kText.size() + 5> key{',', '"'};
  std::copy_n("\":\"", 3, std::ranges::copy(kText, key.begin() + 2).out);
  return key;
}();

}  // namespace detail

template <class T>
struct MemberOf;
template <class C, class M>
struct MemberOf<M C::*> {
  using Class = C;
  using Type = M;
};

template <FieldName kFieldName, auto kMember, bool kRequired>
struct Field {
  static constexpr std::string_view name = kFieldName.view();
  static constexpr FieldKey key{name, {detail::kJsonKey<kFieldName>.data(), name.size() + 5}};
  static constexpr bool required = kRequired;
  static constexpr auto member = kMember;
  using Class = typename MemberOf<decltype(kMember)>::Class;
  using Type = typename MemberOf<decltype(kMember)>::Type;
};
template <FieldName name, auto member>
using Required = Field<name, member, true>;
template <FieldName name, auto member>
using Optional = Field<name, member, false>;

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

inline bool equals_ignoring_case(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

/// Most names have one or two letters: no call for those.
inline bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  return a.empty() || (a.front() == b.front() && a.back() == b.back() && (a.size() < 3 || a == b));
}

template <class T>
bool parse_field(std::string_view text, T& value) {
  if constexpr (is_optional<T>) {
    value.emplace();
    return parse_field(text, *value);
  } else if constexpr (std::is_same_v<T, bool>) {
    value = equals_ignoring_case(text, "true");  // Java: anything else is false
    return true;
  } else if constexpr (std::is_integral_v<T>) {
    auto number = parse_number<T>(text);
    if (number) value = *number;
    return number.has_value();
  } else {
    value = text;
    return true;
  }
}

template <class T>
void write_field(FrameWriter& out, const FieldKey& key, const T& value, bool required) {
  if constexpr (is_optional<T>) {
    if (value) write_field(out, key, *value, true);
  } else if constexpr (std::is_same_v<T, bool>) {
    out.field(key, value);
  } else if constexpr (std::is_integral_v<T>) {
    out.field(key, std::int64_t{value});
  } else {
    if (required || !value.empty()) out.field(key, std::string_view(value));
  }
}

/// A hash of field names without collisions, found while compiling: a lookup is one multiplication
/// and one comparison, however many fields the table has.
template <std::size_t N>
struct NameTable {
  static constexpr std::size_t kSlots = std::bit_ceil(N * 4 + 1);
  std::array<std::uint8_t, kSlots> slot{};
  std::uint32_t seed = 0;

  static constexpr std::size_t hash(std::string_view s, std::uint32_t seed) {
    std::uint32_t h = seed ^ static_cast<std::uint32_t>(s.size());
    if (!s.empty()) {
      h = (h ^ static_cast<std::uint8_t>(s.front())) * 0x9E3779B1u;
      h = (h ^ static_cast<std::uint8_t>(s[s.size() / 2])) * 0x85EBCA6Bu;
      h = (h ^ static_cast<std::uint8_t>(s.back())) * 0xC2B2AE35u;
    }
    return (h >> 16 ^ h) & (kSlots - 1);
  }
  consteval explicit NameTable(const std::array<std::string_view, N>& names) {
    for (seed = 1;; ++seed) {
      slot.fill(0xff);
      bool collides = false;
      for (std::size_t i = 0; i < N && !collides; ++i) {
        std::uint8_t& at = slot[hash(names[i], seed)];
        collides = at != 0xff;
        at = static_cast<std::uint8_t>(i);
      }
      if (!collides) return;
    }
  }
};

}  // namespace detail

template <class... Rows>
struct Fields {
  static constexpr std::size_t kCount = sizeof...(Rows);
  static constexpr std::array<std::string_view, kCount> kNames{Rows::name...};

  /// Fills `out` from the header; names the table does not have are ignored.
  /// Errors: invalid_argument naming the field that is missing or is not what it must be.
  template <class T>
  static Result<void> decode(const ExtFields& ext, T& out) {
    std::uint64_t seen = 0;
    for (const ExtField& field : ext) {
      const std::size_t row = find(field.name);
      if (row == kCount) continue;
      seen |= std::uint64_t{1} << row;
      static constexpr std::array<bool (*)(std::string_view, T&), kCount> kParsers{
          &parse_as<T, Rows>...};
      if (!kParsers[row](field.value, out)) {
        return fail(Errc::invalid_argument, "field " + std::string(field.name) +
                                                " must be a number, not '" +
                                                std::string(field.value) + "'");
      }
    }
    if ((seen & kRequiredMask) != kRequiredMask) return missing(seen);
    return {};
  }

  template <class T>
  static void encode(const T& in, FrameWriter& out) {
    (detail::write_field(out, Rows::key, in.*Rows::member, Rows::required), ...);
  }

 private:
  static_assert(kCount <= 64);
  static constexpr std::uint64_t kRequiredMask = [] {
    std::uint64_t mask = 0, bit = 1;
    ((mask |= Rows::required ? bit : 0, bit <<= 1), ...);
    return mask;
  }();

  static std::size_t find(std::string_view name) {
    if constexpr (kCount == 0) {
      return 0;
    } else {
      static constexpr detail::NameTable<kCount> table(kNames);
      const std::uint8_t row = table.slot[table.hash(name, table.seed)];
      return row != 0xff && detail::same(kNames[row], name) ? row : kCount;
    }
  }
  template <class T, class Row>
  static bool parse_as(std::string_view text, T& out) {
    return detail::parse_field(text, out.*Row::member);
  }
  static std::unexpected<Error> missing(std::uint64_t seen) {
    std::size_t row = 0;
    while ((kRequiredMask >> row & 1) == 0 || (seen >> row & 1) != 0) ++row;
    return fail(Errc::invalid_argument, "field " + std::string(kNames[row]) + " is missing");
  }
};

/// Decodes a request's header; an error names the request too.
template <class Request>
Result<Request> decode_request(const Command& command) {
  Result<Request> out{Request{}};
  if (auto decoded = Request::Wire::decode(command.ext, *out); !decoded) {
    return fail(decoded.error().code(), std::string(Request::kName) + " (" +
                                            std::to_string(command.code) +
                                            "): " + std::string(decoded.error().remark()));
  }
  return out;
}

}  // namespace sluice::wire::remoting
