#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/message_store.h"
#include "wire/record/light_queues.h"
#include "wire/record/properties.h"

/// A message store in memory for the broker's tests: no files, no threads, no recovery. Records are
/// real ones, in one block, so neighbours can be told from their bytes. Not thread-safe.
namespace sluice::broker::testing {

class FakeQueue final : public store::Queue {
 public:
  FakeQueue(std::string topic, QueueId id) : topic_(std::move(topic)), id_(id) {}
  const std::string& topic() const override { return topic_; }
  QueueId id() const override { return id_; }
  QueueOffset min() const override { return min_; }
  QueueOffset max() const override {
    return QueueOffset(static_cast<std::int64_t>(entries_.size()));
  }
  Result<std::size_t> read(QueueOffset from, std::span<store::IndexEntry> to) const override {
    if (from < QueueOffset(0) || from >= max()) return 0;
    const auto first = static_cast<std::size_t>(from.value);
    const std::size_t count = std::min(to.size(), entries_.size() - first);
    const auto begin = entries_.begin() + from.value;
    const auto gap = std::find_if(begin, begin + static_cast<std::ptrdiff_t>(count),
                                  [](const auto& entry) { return entry.size == 0; });
    std::copy(begin, gap, to.begin());
    return static_cast<std::size_t>(gap - begin);
  }
  QueueOffset first_from(QueueOffset from) const override {
    while (from >= QueueOffset(0) && from < max() &&
           entries_[static_cast<std::size_t>(from.value)].size == 0) {
      from += 1;
    }
    return from;
  }

 private:
  friend class FakeStore;
  const std::string topic_;
  const QueueId id_;
  QueueOffset min_;
  std::vector<store::IndexEntry> entries_;
};

class FakeStore final : public store::MessageStore {
 public:
  std::shared_ptr<store::Queue> queue(std::string_view topic, QueueId id) override {
    return fake_queue(topic, id);
  }
  Result<void> remove_topic(std::string_view topic) override {
    std::erase_if(queues_, [topic](const auto& entry) { return entry.first.first == topic; });
    return {};
  }
  std::vector<std::shared_ptr<store::Queue>> queues() const override {
    std::vector<std::shared_ptr<store::Queue>> all;
    for (const auto& [name, queue] : queues_) all.push_back(queue);
    return all;
  }
  std::vector<std::shared_ptr<store::Queue>> queues_of(std::string_view topic) const override {
    auto all = queues();
    std::erase_if(all, [topic](const auto& queue) { return queue->topic() != topic; });
    return all;
  }

  Result<LogPosition> append(std::span<store::Pending> batch) override {
    if (fail_appends) return fail(Errc::disk_full);
    for (store::Pending& pending : batch) {
      if (records_left-- <= 0) return fail(Errc::io_error);
      auto& queue = static_cast<FakeQueue&>(*pending.queue);
      pending.offset = queue.max();
      pending.position = end_;
      if (pending.also) write_offsets(*pending.also);
      encode(pending.message, {.offset = pending.offset, .position = end_, .store_ms = store_ms},
             pending.crc, log_.get() + end_.value);
      queue.entries_.push_back(
          {end_, pending.size, pending.tags_code + (pending.after_store ? store_ms : 0)});
      for (std::size_t i = 0; pending.also && i < pending.also->queues.size(); ++i) {
        static_cast<FakeQueue&>(*pending.also->queues[i]).entries_.push_back(queue.entries_.back());
      }
      end_ += pending.size;
    }
    return end_;
  }
  void on_confirmed(store::ConfirmedFn) override {}

  Result<store::Slice> read(LogPosition position, std::int32_t size) const override {
    if (before_read) std::exchange(before_read, nullptr)();
    if (position < min_ || position + size > end_) return fail(Errc::not_found);
    ++reads;
    return store::Slice{Bytes(log_.get() + position.value, static_cast<std::size_t>(size)), log_};
  }
  Result<std::optional<store::Slice>> read_now(LogPosition position,
                                               std::int32_t size) const override {
    SLUICE_TRY(auto slice, read(position, size));
    if (cold || damaged_.contains(position)) return std::nullopt;
    return slice;
  }
  Result<store::Slice> read_checked(LogPosition position, std::int32_t size, bool) const override {
    if (damaged_.contains(position)) return fail(Errc::corrupt, "damaged at its place");
    return read(position, size);
  }
  Result<store::Slice> read_record(LogPosition position) const override {
    return read(position, load_be<std::int32_t>(log_.get() + position.value));
  }
  LogPosition min_position() const override { return min_; }
  LogPosition end() const override { return end_; }
  LogPosition flushed() const override { return LogPosition(end_.value - unflushed); }
  LogPosition confirmed() const override { return end_; }
  /// As with Boundary::lower.
  Result<QueueOffset> offset_at(const store::Queue& queue, WallTime time, Boundary) const override {
    QueueOffset at;
    for (const auto& entry : static_cast<const FakeQueue&>(queue).entries_) {
      if (record_at(entry).placement.store_ms >= unix_ms(time)) break;
      at += 1;
    }
    return at;
  }
  Result<WallTime> store_time(const store::Queue&, QueueOffset) const override {
    return WallTime{};
  }
  /// By unique key only.
  Result<store::KeyResult> find_by_key(const store::KeyQuery& query) const override {
    store::KeyResult result;
    for (const auto& [name, queue] : queues_) {
      for (const auto& entry : queue->entries_) {
        const auto properties = record_at(entry).message.properties;
        const auto key =
            wire::record::find_property(properties, wire::record::property::kUniqueKey);
        const bool gone = entry.position < min_;
        if (gone || name.first != query.topic || key != query.key) continue;
        SLUICE_TRY(auto slice, read(entry.position, entry.size));
        result.records.push_back(std::move(slice));
      }
    }
    return result;
  }
  bool index_keys() override { return false; }
  void maintain() override {}
  bool flush_waiting() override { return false; }
  void stop_flushing() override {}
  void flush_log() override {}
  Result<int> drop_older_than(milliseconds, int) override { return 0; }
  Result<void> health() const override { return {}; }
  void keep_while(std::function<bool(LogPosition)>) override {}
  Result<int> apply(const store::Retention&, int, int) override { return 0; }
  Result<void> accepts() const override {
    return refuses ? Result<void>(fail(Errc::disk_full, "too full")) : Result<void>();
  }
  Result<void> flush_health() const override { return {}; }
  Result<store::Disk::Space> space() const override { return store::Disk::Space{}; }
  Result<void> close() override { return {}; }

  /// As if the segments below the queue's message at `first` were dropped. Other queues keep their
  /// min(), though their records are gone: a reader can meet that for a moment.
  void drop_below(std::string_view topic, QueueId id, QueueOffset first) {
    FakeQueue& queue = *fake_queue(topic, id);
    queue.min_ = first;
    min_ =
        first < queue.max() ? queue.entries_[static_cast<std::size_t>(first.value)].position : end_;
  }

  /// As if compaction had taken the message away.
  void compact_away(std::string_view topic, QueueId id, QueueOffset offset) {
    FakeQueue& queue = *fake_queue(topic, id);
    queue.entries_[static_cast<std::size_t>(offset.value)].size = 0;
    queue.min_ = queue.first_from(queue.min_);
  }

  /// The record there cannot be read any more.
  void damage(std::string_view topic, QueueId id, QueueOffset offset) {
    damaged_.insert(
        fake_queue(topic, id)->entries_[static_cast<std::size_t>(offset.value)].position);
  }
  void set_entry(std::string_view topic, QueueId id, QueueOffset offset,
                 const store::IndexEntry& entry) {
    fake_queue(topic, id)->entries_[static_cast<std::size_t>(offset.value)] = entry;
  }

  bool cold = false;  ///< nothing is in memory
  bool fail_appends = false;
  bool refuses = false;  ///< what accepts() says
  /// Records that are still written before the process is killed, be it in the middle of a batch.
  std::int64_t records_left = std::numeric_limits<std::int64_t>::max();
  std::int64_t store_ms = 0;   ///< what the next records get as their store time
  std::int64_t unflushed = 0;  ///< bytes before the end that a power cut would take
  mutable int reads = 0;
  mutable std::function<void()> before_read;  ///< what happens meanwhile, once

 private:
  static constexpr std::size_t kLogBytes = 32 << 20;
  wire::record::Decoded record_at(const store::IndexEntry& entry) const {
    const Bytes bytes(log_.get() + entry.position.value, static_cast<std::size_t>(entry.size));
    return wire::record::scan(bytes, wire::record::CrcCheck::skip).record;
  }
  static void write_offsets(store::LightQueues& also) {
    char* to = also.properties.data() + also.offsets;
    for (const auto& queue : also.queues) {
      wire::record::write_offset(queue->max(), to);
      to += wire::record::kOffsetDigits + 1;
    }
  }
  std::shared_ptr<FakeQueue> fake_queue(std::string_view topic, QueueId id) {
    auto& queue = queues_[{std::string(topic), id}];
    if (!queue) queue = std::make_shared<FakeQueue>(std::string(topic), id);
    return queue;
  }

  std::map<std::pair<std::string, QueueId>, std::shared_ptr<FakeQueue>> queues_;
  std::shared_ptr<std::byte[]> log_ = std::make_shared_for_overwrite<std::byte[]>(kLogBytes);
  std::set<LogPosition> damaged_;
  LogPosition min_, end_;
};

}  // namespace sluice::broker::testing
