#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

/// Big-endian integers in raw bytes, and a reader that never runs past its end. RocketMQ's wire and
/// disk formats are big-endian throughout.
namespace sluice {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

template <std::integral T>
T load_be(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  return value;
}

template <std::integral T>
void store_be(std::byte* to, T value) {
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

inline Bytes as_bytes(std::string_view s) { return std::as_bytes(std::span(s.data(), s.size())); }
inline std::string_view as_text(Bytes b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}

/// Takes integers and byte runs from the front. After the first take that does not fit, ok() is
/// false and every further take gives zero or nothing; so a decoder checks once, at the end.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : rest_(bytes) {}

  template <std::integral T>
  T take() {
    if (rest_.size() < sizeof(T)) return fail(), T{};
    T value = load_be<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  Bytes take_bytes(std::size_t n) {
    if (rest_.size() < n) return fail(), Bytes{};
    Bytes run = rest_.first(n);
    rest_ = rest_.subspan(n);
    return run;
  }
  std::string_view take_text(std::size_t n) { return as_text(take_bytes(n)); }
  bool ok() const { return ok_; }
  std::size_t left() const { return rest_.size(); }
  Bytes rest() const { return rest_; }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  Bytes rest_;
  bool ok_ = true;
};

/// Writes to the front of a buffer that the caller has made large enough.
class ByteWriter {
 public:
  explicit ByteWriter(std::byte* to) : at_(to) {}

  template <std::integral T>
  void put(T value) {
    store_be(at_, value);
    at_ += sizeof(T);
  }
  void put(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void put(std::string_view text) { put(as_bytes(text)); }
  std::byte* at() const { return at_; }

 private:
  std::byte* at_;
};

}  // namespace sluice
