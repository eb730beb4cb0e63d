#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/message_store.h"
#include "store/testing/memory_disk.h"
#include "wire/record/record.h"

/// What tests of the store share: small files, messages by text, and reading everything back.
namespace sluice::store::testing {

inline constexpr std::int64_t kSegment = 4096;

inline StoreOptions small_options(bool sync_flush = false) {
  return {.root = "/r",
          .segment_bytes = kSegment,
          .index_file_bytes = 10LL * kIndexEntryBytes,
          .tail_bytes = 16384,
          .sync_flush = sync_flush,
          .keys = {.slots = 50, .entries = 40}};
}

inline std::unique_ptr<MessageStore> must_open(Disk& disk, Clock& clock, StoreOptions options) {
  auto store = MessageStore::open(disk, clock, std::move(options));
  EXPECT_TRUE(store) << store.error().remark();
  return store ? std::move(*store) : nullptr;
}

inline Pending pending(Queue& queue, std::string_view body, std::string_view properties = {}) {
  Pending p{.queue = &queue};
  p.message = {.topic = queue.topic(), .queue = queue.id(), .born_ms = 1};
  p.message.body = as_bytes(body);
  p.message.properties = properties;
  p.size = *wire::record::encoded_size(p.message, {});
  p.crc = wire::record::body_crc(p.message.body);
  return p;
}

inline Result<LogPosition> append_all(MessageStore& store, Queue& queue,
                                      const std::vector<std::string>& bodies) {
  std::vector<Pending> batch;
  for (const std::string& body : bodies) batch.push_back(pending(queue, body));
  return store.append(batch);
}

inline Result<LogPosition> append_one(MessageStore& store, Queue& queue, const std::string& body) {
  return append_all(store, queue, {body});
}

/// The bodies of a queue from min() to max(); checks that each record says where it lies.
inline std::vector<std::string> bodies_of(const MessageStore& store, const Queue& queue) {
  std::vector<std::string> bodies;
  for (QueueOffset at = queue.min(); at < queue.max(); at += 1) {
    IndexEntry entry;
    const auto got = queue.read(at, std::span(&entry, 1));
    EXPECT_TRUE(got && *got == 1) << at.value;
    const auto slice = store.read_record(entry.position);
    EXPECT_TRUE(slice) << slice.error().remark();
    if (!slice) return bodies;
    const auto scan = wire::record::scan(slice->bytes, wire::record::CrcCheck::verify);
    EXPECT_EQ(scan.record.size, entry.size);
    EXPECT_EQ(scan.record.placement.offset, at);
    EXPECT_EQ(scan.record.message.topic, queue.topic());
    bodies.emplace_back(as_text(scan.record.message.body));
  }
  return bodies;
}

/// `n` bodies, all different.
inline std::vector<std::string> numbered(int n, std::size_t length = 20, int from = 0) {
  std::vector<std::string> bodies;
  for (int i = 0; i < n; ++i) {
    std::string body = std::to_string(from + i) + ":";
    body.resize(std::max(length, body.size()), 'x');
    bodies.push_back(std::move(body));
  }
  return bodies;
}

}  // namespace sluice::store::testing
