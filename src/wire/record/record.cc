#include "wire/record/record.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/crc32.h"
#include "wire/record/properties.h"

namespace sluice::wire::record {
namespace {

// What every record has beside body, topic and properties, with IPv4 hosts and a one-byte topic
// length.
constexpr std::int64_t kFixedBytes = 91;
constexpr std::int64_t kMaxRecordBytes = 1 << 30;

bool needs_pair_end(const Message& m) {
  return !m.extra_properties.empty() && !m.properties.empty() && m.properties.back() != kPairEnd;
}

std::int64_t properties_size(const Message& m) {
  return static_cast<std::int64_t>(m.properties.size() + m.extra_properties.size()) +
         (needs_pair_end(m) ? 1 : 0);
}

std::int32_t host_flags(const Message& m, const Host& store_host) {
  return (m.sys_flag & ~(kBornHostV6 | kStoreHostV6)) | (m.born_host.v6 ? kBornHostV6 : 0) |
         (store_host.v6 ? kStoreHostV6 : 0);
}

void put_host(ByteWriter& out, const Host& host) {
  out.put(Bytes(host.address).first(host.v6 ? 16 : 4));
  out.put(host.port);
}

Host take_host(ByteReader& in, bool v6) {
  Host host;
  host.v6 = v6;
  const Bytes address = in.take_bytes(v6 ? 16 : 4);
  std::ranges::copy(address, host.address.begin());
  host.port = in.take<std::int32_t>();
  return host;
}

Scan damaged(std::string problem) {
  Scan scan{.kind = Scan::Kind::damaged};
  scan.problem = std::move(problem);
  return scan;
}

/// Takes everything after size and magic. False when the parts do not fill `size` exactly.
bool take_record(ByteReader& in, bool long_topic, Decoded& out) {
  Message& m = out.message;
  Placement& p = out.placement;
  out.crc = in.take<std::uint32_t>();
  m.queue = QueueId(in.take<std::int32_t>());
  m.flag = in.take<std::int32_t>();
  p.offset = QueueOffset(in.take<std::int64_t>());
  p.position = LogPosition(in.take<std::int64_t>());
  m.sys_flag = in.take<std::int32_t>();
  m.born_ms = in.take<std::int64_t>();
  m.born_host = take_host(in, (m.sys_flag & kBornHostV6) != 0);
  p.store_ms = in.take<std::int64_t>();
  p.store_host = take_host(in, (m.sys_flag & kStoreHostV6) != 0);
  m.reconsume_times = in.take<std::int32_t>();
  m.prepared = LogPosition(in.take<std::int64_t>());
  m.body = in.take_bytes(in.take<std::uint32_t>());
  m.topic = in.take_text(long_topic ? in.take<std::uint16_t>() : in.take<std::uint8_t>());
  m.properties = in.take_text(in.take<std::uint16_t>());
  return in.ok() && in.left() == 0;
}

Scan scan_record(Bytes bytes, bool long_topic, CrcCheck check) {
  Scan scan{.kind = Scan::Kind::record};
  scan.record.size = static_cast<std::int32_t>(bytes.size());
  ByteReader in(bytes.subspan(8));
  if (!take_record(in, long_topic, scan.record)) {
    return damaged(fmt::format("its parts do not add up to its size of {} bytes", bytes.size()));
  }
  const bool verify = check == CrcCheck::verify;
  if (verify && body_crc(scan.record.message.body) != scan.record.crc) {
    return damaged("the body's CRC does not match");
  }
  return scan;
}

}  // namespace

std::uint32_t body_crc(Bytes body) { return body.empty() ? 0 : crc32(body) & 0x7fffffffu; }

Result<std::int32_t> encoded_size(const Message& m, const Host& store_host) {
  const auto topic = static_cast<std::int64_t>(m.topic.size());
  const std::int64_t properties = properties_size(m);
  if (properties > kPropertiesBytesMax) {
    return fail(Errc::message_illegal, fmt::format("the properties have {} bytes, {} are allowed",
                                                   properties, kPropertiesBytesMax));
  }
  if (topic == 0 || topic > kPropertiesBytesMax) {
    return fail(Errc::message_illegal, fmt::format("a topic of {} bytes", topic));
  }
  const std::int64_t size = kFixedBytes + topic + (topic > kTopicBytesV1 ? 1 : 0) + properties +
                            static_cast<std::int64_t>(m.body.size()) + (m.born_host.v6 ? 12 : 0) +
                            (store_host.v6 ? 12 : 0);
  if (size > kMaxRecordBytes) {
    return fail(Errc::message_too_large, fmt::format("a record of {} bytes", size));
  }
  return static_cast<std::int32_t>(size);
}

void encode(const Message& m, const Placement& p, std::uint32_t crc, std::byte* to) {
  const bool long_topic = m.topic.size() > kTopicBytesV1;
  ByteWriter out(to + 4);
  out.put(long_topic ? kMagicV2 : kMagicV1);
  out.put(crc);
  out.put(m.queue.value);
  out.put(m.flag);
  out.put(p.offset.value);
  out.put(p.position.value);
  out.put(host_flags(m, p.store_host));
  out.put(m.born_ms);
  put_host(out, m.born_host);
  out.put(p.store_ms);
  put_host(out, p.store_host);
  out.put(m.reconsume_times);
  out.put(m.prepared.value);
  out.put(static_cast<std::int32_t>(m.body.size()));
  out.put(m.body);
  if (long_topic) {
    out.put(static_cast<std::uint16_t>(m.topic.size()));
  } else {
    out.put(static_cast<std::uint8_t>(m.topic.size()));
  }
  out.put(m.topic);
  out.put(static_cast<std::uint16_t>(properties_size(m)));
  out.put(m.properties);
  if (needs_pair_end(m)) out.put(kPairEnd);
  out.put(m.extra_properties);
  store_be(to, static_cast<std::int32_t>(out.at() - to));
}

void encode_blank(std::int32_t left, std::byte* to) {
  store_be(to, left);
  store_be(to + 4, kMagicBlank);
}

std::int32_t peek_size(Bytes bytes) {
  return bytes.size() < 4 ? 0 : load_be<std::int32_t>(bytes.data());
}

Scan scan(Bytes bytes, CrcCheck check) {
  if (bytes.empty()) return Scan{.kind = Scan::Kind::end};
  if (bytes.size() < 8) return damaged("fewer bytes are left than a record's head has");
  const auto size = load_be<std::int32_t>(bytes.data());
  const auto magic = load_be<std::uint32_t>(bytes.data() + 4);
  if (size == 0 && magic == 0) return Scan{.kind = Scan::Kind::end};
  const bool fits = size >= kBlankSize && static_cast<std::size_t>(size) <= bytes.size();
  if (!fits)
    return damaged(fmt::format("a size of {} bytes where {} are left", size, bytes.size()));
  if (magic == kMagicBlank) {
    Scan blank{.kind = Scan::Kind::blank};
    blank.record.size = size;
    return blank;
  }
  if (magic != kMagicV1 && magic != kMagicV2) {
    return damaged(fmt::format("an unknown magic number {:#010x}", magic));
  }
  return scan_record(bytes.first(static_cast<std::size_t>(size)), magic == kMagicV2, check);
}

void add_reconsume_times(MutableBytes record, std::int32_t times) {
  constexpr std::size_t kSysFlagAt = 36, kBornHostAt = 48, kStoreTimeBytes = 8;
  SLUICE_ASSERT(record.size() > kBornHostAt + 24 + kStoreTimeBytes);
  const auto sys_flag = load_be<std::int32_t>(record.data() + kSysFlagAt);
  const std::size_t born = (sys_flag & kBornHostV6) != 0 ? 20 : 8;
  const std::size_t store = (sys_flag & kStoreHostV6) != 0 ? 20 : 8;
  std::byte* const at = record.data() + kBornHostAt + born + kStoreTimeBytes + store;
  store_be(at, load_be<std::int32_t>(at) + times);
}

}  // namespace sluice::wire::record
