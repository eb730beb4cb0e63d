#include "ledger.h"

#include <charconv>

namespace sluice::sim {
namespace {

std::string name_of(QueueKey queue) { return fmt::format("{}/{}", queue.topic, queue.queue); }

bool comes_at_once(Kind kind) { return kind == Kind::plain || kind == Kind::unflushed; }

}  // namespace

/// Many are of the same size, as users' messages are, and for a while all: then records come to lie
/// exactly where others lay before a crash.
std::string body_of(std::int64_t id) {
  std::string body = fmt::format("{:06d}:", id);
  const bool alike = id / 64 % 4 != 0;
  const auto several = id % 4 == 0 ? id * 7919 % 300 : id % 3 * 40;
  const auto length = static_cast<std::size_t>(alike ? 40 : several);
  for (std::size_t i = 0; i < length; ++i) {
    body += static_cast<char>('a' + (static_cast<std::size_t>(id) * 31 + i * 7) % 26);
  }
  return body;
}

std::string key_of(std::int64_t id) { return fmt::format("u{:06d}", id); }

std::optional<std::int64_t> id_of(std::string_view body) {
  std::int64_t id = -1;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), id);
  if (error != std::errc() || id < 0 || body != body_of(id)) return std::nullopt;
  return id;
}

Ledger::Ledger(Verdict& verdict, bool sync_flush, int queues)
    : verdict_(verdict), sync_flush_(sync_flush) {
  for (int topic = 0; topic < 2; ++topic) {
    for (int queue = 0; queue < queues; ++queue) places_[{topic, queue}];
  }
}

Message& Ledger::add(Kind kind, QueueKey to, WallTime due) {
  Message& message = messages_.emplace_back();
  message.id = size() - 1;
  message.kind = kind;
  message.to = to;
  message.due = due;
  return message;
}

bool Ledger::is_safe(WallTime since, bool weak) const {
  return (sync_flush_ && !weak) || since < safe_;
}

void Ledger::stored(std::int64_t id, std::optional<std::int64_t> offset, WallTime now) {
  Message& message = at(id);
  message.promised = now;
  message.weak = message.kind == Kind::unflushed;
  if (offset) know(message.to, *offset, id, now, message.weak);
}

void Ledger::committed(std::int64_t id, WallTime now) {
  at(id).promised = now;
  at(id).ended = true;
}

void Ledger::rolled_back(std::int64_t id, WallTime now) {
  at(id).rolled_back = true;
  committed(id, now);
}

void Ledger::recalled(std::int64_t id, WallTime now) {
  Message& message = at(id);
  message.recalled = now;
  if (!message.offset) return;
  verdict_.broken(fmt::format("message {} was taken back after it had come", id));
}

void Ledger::know(QueueKey queue, std::int64_t offset, std::int64_t id, WallTime now, bool weak) {
  Places& places = places_[queue];
  if (static_cast<std::int64_t>(places.size()) <= offset) {
    places.resize(static_cast<std::size_t>(offset) + 1, {.id = -1, .known = now, .weak = weak});
  }
  Place& place = places[static_cast<std::size_t>(offset)];
  if (place.id >= 0 && place.id != id) {
    verdict_.broken(fmt::format("queue {} has message {} at {}, where {} was before",
                                name_of(queue), id, offset, place.id));
  }
  if (place.id < 0) place = {.id = id, .known = now, .weak = weak};
  place.weak = place.weak && weak;
  Message& message = at(id);
  if (message.offset && *message.offset != offset) {
    verdict_.broken(fmt::format("message {} is in queue {} twice, at {} and at {}", id,
                                name_of(queue), *message.offset, offset));
  }
  message.offset = offset;
}

void Ledger::check_allowed(const Message& message, WallTime now) {
  if (message.gone) {
    verdict_.broken(fmt::format("message {} was lost at a start, and comes later", message.id));
  }
  if (message.refused) {
    verdict_.broken(fmt::format("message {} was refused, and is there", message.id));
  }
  if (message.kind == Kind::half && !message.commit_sent) {
    verdict_.broken(fmt::format("message {} was never committed, and is there", message.id));
  }
  if (message.kind == Kind::half && message.rolled_back) {
    verdict_.broken(fmt::format("message {} was rolled back, and is there", message.id));
  }
  if (message.recalled) {
    verdict_.broken(fmt::format("message {} was taken back, and is there", message.id));
  }
  if (now < message.due) {
    verdict_.broken(
        fmt::format("message {} came {} ms too early", message.id, (message.due - now).count()));
  }
}

std::optional<std::int64_t> Ledger::given(QueueKey from, const wire::record::Decoded& record,
                                          WallTime now) {
  const auto id = id_of(as_text(record.message.body));
  if (!id || *id >= size()) {
    verdict_.broken(fmt::format("a damaged message was given from queue {} at {}", name_of(from),
                                record.placement.offset.value));
    return std::nullopt;
  }
  if (at(*id).to != from || record.message.queue.value != from.queue) {
    verdict_.broken(fmt::format("message {} was given from queue {}", *id, name_of(from)));
  }
  check_allowed(at(*id), now);
  know(from, record.placement.offset.value, *id, now, false);
  return id;
}

void Ledger::power_cut() {
  for (auto& [queue, places] : places_) cut_[queue] = true;
  for (Message& message : messages_) {
    if (message.recalled && !is_safe(*message.recalled, false)) message.recalled.reset();
    if (message.half_known && !is_safe(*message.half_known, false)) message.lost = true;
    if (!message.promised || is_safe(*message.promised, message.weak)) continue;
    message.promised.reset();  // an end of a transaction, too: its producer will be asked again
    message.ended = false;
  }
}

void Ledger::strike_off(QueueKey queue, std::int64_t end) {
  Places& places = places_[queue];
  for (auto at = static_cast<std::size_t>(end); at < places.size(); ++at) {
    const Place& place = places[at];
    if (place.id < 0) continue;
    if (!cut_[queue] || is_safe(place.known, place.weak)) {
      verdict_.broken(
          fmt::format("message {} is lost: queue {} ends at {}, it was at {}, known since {} ms "
                      "before the newest flush",
                      place.id, name_of(queue), end, at, (safe_ - place.known).count()));
    }
    Message& lost = this->at(place.id);
    lost.offset.reset();
    lost.gone = comes_at_once(lost.kind);
  }
  if (static_cast<std::size_t>(end) < places.size()) places.resize(static_cast<std::size_t>(end));
}

void Ledger::audit(QueueKey queue, std::int64_t min,
                   const std::vector<wire::record::Decoded>& records, WallTime now) {
  min_[queue] = min;
  strike_off(queue, min + static_cast<std::int64_t>(records.size()));
  cut_[queue] = false;
  std::int64_t expected = min, newest_plain = -1;
  for (const auto& record : records) {
    if (record.placement.offset.value != expected) {
      verdict_.broken(fmt::format("queue {} goes on with {} where {} belongs", name_of(queue),
                                  record.placement.offset.value, expected));
    }
    ++expected;
    const auto id = given(queue, record, now);
    if (!id) return;
    if (!comes_at_once(at(*id).kind)) continue;
    if (*id < newest_plain) {
      verdict_.broken(fmt::format("queue {} has message {} behind {}, which was sent later",
                                  name_of(queue), *id, newest_plain));
    }
    newest_plain = *id;
  }
  note_gone(queue);
}

/// Everything that was asked for has been in the log by now, or never will be: nobody asks again.
void Ledger::note_gone(QueueKey queue) {
  for (std::int64_t& id = audited_[queue]; id < size(); ++id) {
    Message& message = at(id);
    message.gone |= message.to == queue && comes_at_once(message.kind) && !message.offset;
  }
}

void Ledger::settle() {
  for (const Message& message : messages_) {
    const bool taken_back = message.rolled_back || message.recall_sent;
    if (!message.promised || taken_back || message.offset) continue;
    verdict_.broken(fmt::format("message {} (kind {}, queue {}) was promised and never came",
                                message.id, static_cast<int>(message.kind), name_of(message.to)));
  }
}

std::int64_t Ledger::end_of(QueueKey queue) const {
  return static_cast<std::int64_t>(places_.at(queue).size());
}

}  // namespace sluice::sim
