#include "broker/timer_marks.h"

namespace sluice::broker {
namespace {

constexpr std::size_t kEntryBytes = 8 + 8 + 4;

}  // namespace

std::string TimerMark::body() const {
  std::string text(1 + entries.size() * kEntryBytes, '\0');
  ByteWriter out(std::as_writable_bytes(std::span(text)).data());
  out.put(std::to_underlying(kind));
  for (const store::DueEntry& entry : entries) {
    out.put(entry.key.due_ms);
    out.put(entry.key.position);
    out.put(entry.size);
  }
  return text;
}

Result<TimerMark> TimerMark::parse(Bytes body) {
  ByteReader in(body);
  TimerMark mark;
  mark.kind = static_cast<Kind>(in.take<std::uint8_t>());
  const bool known = mark.kind >= Kind::delivered && mark.kind <= Kind::again;
  const auto bad = [] { return fail(Errc::corrupt, "not a mark of timed messages"); };
  if (!known || in.left() % kEntryBytes != 0) return bad();
  while (in.left() > 0) {
    store::DueEntry entry;
    entry.key.due_ms = in.take<std::int64_t>();
    entry.key.position = in.take<std::int64_t>();
    entry.size = in.take<std::int32_t>();
    if (entry.key.due_ms < 0 || entry.key.position < 0 || entry.size <= 0) return bad();
    mark.entries.push_back(entry);
  }
  return mark;
}

}  // namespace sluice::broker
