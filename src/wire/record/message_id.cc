#include "wire/record/message_id.h"

#include <atomic>
#include <chrono>

namespace sluice::wire::record {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

void append_hex(std::string& text, Bytes bytes) {
  std::size_t at = text.size();
  text.resize(at + 2 * bytes.size());
  for (const std::byte b : bytes) {
    text[at++] = kHex[std::to_integer<int>(b >> 4)];
    text[at++] = kHex[std::to_integer<int>(b & std::byte{15})];
  }
}

template <std::integral T>
void append_hex(std::string& text, T value) {
  std::array<std::byte, sizeof(T)> bytes;
  store_be(bytes.data(), value);
  append_hex(text, bytes);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool parse_hex(std::string_view text, std::byte* to) {
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    *to++ = static_cast<std::byte>(high << 4 | low);
  }
  return true;
}

WallTime month_start(WallTime now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  return std::chrono::sys_days(date.year() / date.month() / 1);
}

}  // namespace

void append_message_id(std::string& to, const Host& host, LogPosition position) {
  std::array<std::byte, 28> bytes;
  ByteWriter out(bytes.data());
  out.put(Bytes(host.address).first(host.v6 ? 16 : 4));
  out.put(host.port);
  out.put(position.value);
  append_hex(to, Bytes(bytes.data(), static_cast<std::size_t>(out.at() - bytes.data())));
}

std::string message_id(const Host& host, LogPosition position) {
  std::string id;
  append_message_id(id, host, position);
  return id;
}

std::optional<MessageIdParts> parse_message_id(std::string_view id) {
  if (id.size() != 32 && id.size() != 56) return std::nullopt;
  std::array<std::byte, 28> bytes{};
  if (!parse_hex(id, bytes.data())) return std::nullopt;
  MessageIdParts parts;
  parts.store_host.v6 = id.size() == 56;
  ByteReader in(Bytes(bytes).first(id.size() / 2));
  const Bytes address = in.take_bytes(parts.store_host.v6 ? 16 : 4);
  std::copy(address.begin(), address.end(), parts.store_host.address.begin());
  parts.store_host.port = in.take<std::int32_t>();
  parts.position = LogPosition(in.take<std::int64_t>());
  return parts;
}

struct UniqueIds::State {
  std::string prefix;  // address, process, seed
  std::atomic<std::uint16_t> counter{0};
};

UniqueIds::UniqueIds(const Host& host, std::int32_t process, std::uint32_t seed)
    : state_(std::make_shared<State>()) {
  append_hex(state_->prefix, Bytes(host.address).first(4));
  append_hex(state_->prefix, static_cast<std::uint16_t>(process));
  append_hex(state_->prefix, seed);
}

std::string UniqueIds::next(WallTime now) {
  std::string id;
  id.reserve(32);
  id += state_->prefix;
  append_hex(id, static_cast<std::uint32_t>((now - month_start(now)).count()));
  append_hex(id, state_->counter.fetch_add(1, std::memory_order_relaxed));
  return id;
}

}  // namespace sluice::wire::record
