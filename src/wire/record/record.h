#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

/// The commit-log record of RocketMQ 4 and 5: the same bytes on disk and in pull answers.
///
/// Format source: apache/rocketmq store/MessageExtEncoder.java, common/message/MessageDecoder.java.
/// Pure functions over bytes; nothing here allocates but where it says so. Thread-safe.
namespace sluice::wire::record {

inline constexpr std::uint32_t kMagicV1 = 0xDAA320A7;     ///< topic length in one byte
inline constexpr std::uint32_t kMagicV2 = 0xDAA320AB;     ///< topic length in two, when above 127
inline constexpr std::uint32_t kMagicBlank = 0xCBD43194;  ///< the rest of a segment is unused
inline constexpr std::int32_t kBlankSize = 8;             ///< what a blank record writes
inline constexpr std::int32_t kTopicBytesV1 = 127;
inline constexpr std::int32_t kPropertiesBytesMax = 32767;

/// Bits of sysFlag (common/sysflag/MessageSysFlag.java).
enum SysFlag : std::int32_t {
  kCompressed = 0x1,
  kMultiTags = 0x2,
  kTransactionPrepared = 0x4,
  kTransactionCommit = 0x8,
  kTransactionRollback = 0xC,  ///< also the mask of the three
  kBornHostV6 = 0x10,
  kStoreHostV6 = 0x20,
  kNeedUnwrap = 0x40,
  kInnerBatch = 0x80,
  kCompressionTypeMask = 0x700,
};

/// An IPv4 or IPv6 address with a port, as records carry it.
struct Host {
  std::array<std::byte, 16> address{};  ///< the first 4 bytes for IPv4
  bool v6 = false;
  std::int32_t port = 0;

  std::size_t wire_size() const { return (v6 ? 16 : 4) + 4; }
  friend bool operator==(const Host&, const Host&) = default;
};

/// What a record says, but for where it lies. Views belong to whoever filled them in.
struct Message {
  std::string_view topic;
  QueueId queue;
  std::int32_t flag = 0;      ///< the user's
  std::int32_t sys_flag = 0;  ///< the host bits are set by the encoder
  std::int64_t born_ms = 0;
  Host born_host;
  std::int32_t reconsume_times = 0;
  LogPosition prepared;  ///< a commit's half message, else 0
  Bytes body;
  std::string_view properties;        ///< `name 0x01 value 0x02`…, as the client sent it
  std::string_view extra_properties;  ///< what the broker appends to it
};

/// Where a record lies; known when it is appended.
struct Placement {
  QueueOffset offset;
  LogPosition position;
  std::int64_t store_ms = 0;
  Host store_host;
};

/// Bytes of the encoded record.
/// Errors: message_illegal when topic (above 32767 bytes) or properties (above 32767) are too long.
Result<std::int32_t> encoded_size(const Message& message, const Host& store_host);

/// body's CRC-32 as records keep it (sign bit cleared).
std::uint32_t body_crc(Bytes body);

/// Writes the record to `to`, which has encoded_size() bytes. `crc` = body_crc(message.body),
/// computed by the caller so that no lock needs to be held for it.
void encode(const Message& message, const Placement& placement, std::uint32_t crc, std::byte* to);

/// Writes the 8 bytes that close a segment with `left` bytes to its end (left ≥ 8).
void encode_blank(std::int32_t left, std::byte* to);

struct Decoded {
  Message message;  ///< views into the decoded bytes; extra_properties empty
  Placement placement;
  std::int32_t size = 0;
  std::uint32_t crc = 0;
};

/// Adds to the reconsumeTimes of a whole record, which nothing else of it depends on.
void add_reconsume_times(MutableBytes record, std::int32_t times);

enum class CrcCheck : std::uint8_t { verify, skip };

/// What lies at the start of `bytes` (the rest of a segment, or of a pull answer).
struct Scan {
  enum class Kind : std::uint8_t { record, blank, end, damaged } kind;
  Decoded record;       ///< for Kind::record
  std::string problem;  ///< for Kind::damaged: which rule it breaks
};
/// end: total size and magic are zero, or no byte is left. damaged: unknown magic, sizes that do
/// not add up or run past the bytes, or (with verify) a wrong CRC. Allocates for a damaged record
/// only.
Scan scan(Bytes bytes, CrcCheck check);

/// Total size in the first four bytes, without looking further; 0 when there are fewer than four.
std::int32_t peek_size(Bytes bytes);

}  // namespace sluice::wire::record
