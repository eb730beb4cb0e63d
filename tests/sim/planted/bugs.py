"""Mutations of the product that the simulation must find: file, what stands there, what stands there instead."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Bug:
    name: str
    what: str
    file: str
    old: str
    new: str
    quick: bool = False  # among those that every test run looks for
    also: tuple = ()  # (old, new) at other places of the file


BUGS = [
    Bug("flush-nothing", "a flush reports success without syncing", "src/store/segment.cc",
        "if (auto segment = find(at)) SLUICE_CHECK(segment->file().sync());", "if (find(at) == nullptr) break;", quick=True),
    Bug("flush-again", "after a failed fsync the next one is believed", "src/store/commit_log.cc",
        "    flush_failed_ = true;\n", ""),
    Bug("answer-before-flush", "SYNC_FLUSH confirms what is only written", "src/store/commit_log.cc",
        "  if (sync_flush_) {\n    unflushed_.insert(unflushed_.end(), group_.queues.begin(), group_.queues.end());\n  } else {",
        "  {", quick=True),
    Bug("index-before-log", "index entries go to disk before their records are flushed", "src/store/local_store_indexes.cc",
        "SLUICE_CHECK(write_dirty(LogPosition(next.flushed), sync, older_than));",
        "SLUICE_CHECK(write_dirty(LogPosition(log_.end().value), sync, older_than));"),
    Bug("checkpoint-ahead", "the checkpoint says flushed what is only written", "src/store/local_store_indexes.cc",
        "next.flushed = log_.flushed().value;", "next.flushed = log_.end().value;"),
    Bug("note-ahead", "the checkpoint says flushed what is only written, while indexes wait", "src/store/local_store_indexes.cc",
        "const std::int64_t flushed = log_.flushed().value;", "const std::int64_t flushed = log_.end().value;"),
    Bug("checkpoint-without-indexes", "the checkpoint is written before the indexes are synced", "src/store/local_store_indexes.cc",
        "return note_flushed();\n  SLUICE_CHECK(sync_index_files());\n", "return note_flushed();\n"),
    Bug("table-ahead", "the queue table knows entries of records that are only written", "src/store/local_store_indexes.cc",
        "registry_.table(LogPosition(position));", "registry_.table(LogPosition(log_.end().value));"),
    Bug("no-crc", "recovery takes records whose CRC is wrong", "src/store/recovery.cc",
        "const record::Scan scan = record::scan(segment->from(position), record::CrcCheck::verify);\n    if (scan.kind == Kind::blank)",
        "const record::Scan scan = record::scan(segment->from(position), record::CrcCheck::skip);\n    if (scan.kind == Kind::blank)"),
    Bug("no-cut", "recovery leaves a torn tail where it is", "src/store/recovery.cc",
        "if (!untouched) SLUICE_CHECK(segments_.cut(report_.end));", "static_cast<void>(untouched);"),
    Bug("kept-after-full-disk", "what a full disk refused keeps its place in the queue", "src/store/log_tail.cc",
        "for (const Publication& row : part->queues) row.queue->take_back(LogPosition(end));",
        "for (const Publication& row : part->queues) static_cast<void>(row);"),
    Bug("half-written-group", "a failed write leaves its first half to be found", "src/store/commit_log.cc",
        "if (auto segment = segments_.find(at)) (void)segment->file().write(at - segment->base(), kEnd);", "(void)kEnd;"),
    Bug("folder-not-synced", "a new log file's name is not made durable", "src/store/segment.cc",
        "  SLUICE_CHECK(disk_.sync_folder(folder_));\n  add(segment);", "  add(segment);"),
    Bug("snapshot-not-synced", "a snapshot replaces the old one before its bytes are durable", "src/store/text_file.cc",
        "    SLUICE_CHECK(file->sync());\n", ""),
    Bug("progress-not-logged", "a commit is answered without being in the log", "src/broker/broker_progress.cc",
        "  if (changes.empty()) return {};", "  if (!changes.empty()) return {};", quick=True),
    Bug("progress-forgotten", "commits that could not be logged are not tried again", "src/broker/broker_progress.cc",
        "  if (!logged) progress_.put_back(changes);\n", ""),
    Bug("progress-ahead", "progress may point behind what a power cut left", "src/broker/broker_progress.cc",
        "    if (cut) changed.push_back(entry);", "    static_cast<void>(cut);"),
    Bug("early-delay", "delayed messages come a second early", "src/broker/schedule.cc",
        "const WallTime due = from_unix_ms(entry.tags_code);", "const WallTime due = from_unix_ms(entry.tags_code - 1000);", quick=True),
    Bug("delivered-ahead", "the schedule notes as delivered what is not flushed", "src/broker/schedule.cc",
        "  const LogPosition flushed = store_.flushed();", "  const LogPosition flushed = store_.end();"),
    Bug("delivered-twice", "a start does not look for what was delivered before the crash", "src/broker/schedule_restore.cc",
        "    level.next = next.value;\n", ""),
    Bug("lease-not-logged", "leases and acknowledgements live in memory only", "src/broker/pop_ends.cc",
        "    if (body_.empty()) continue;\n", "    if (!body_.empty()) continue;\n", quick=True),
    Bug("lease-too-short", "leases end half a second early", "src/delivery/lease_queue.cc",
        "if (deadline > now) break;", "if (deadline > now + milliseconds(500)) break;"),
    Bug("lease-of-the-dead", "leases are cut wrongly after a power cut", "src/broker/broker_leases.cc",
        "        queue.state.cut(end);\n", ""),
    Bug("half-forgotten", "a start forgets the last open half message", "src/broker/transaction_restore.cc",
        "  for (auto& [offset, candidate] : candidates) {\n",
        "  if (!candidates.empty()) candidates.erase(std::prev(candidates.end()));\n  for (auto& [offset, candidate] : candidates) {\n"),
    Bug("mark-forgotten", "a start does not read which half messages are over", "src/broker/transaction_restore.cc",
        "            read_mark(as_text(found.record.message.body), over);\n", ""),
    Bug("rollback-commits", "a rollback delivers the message", "src/broker/transactions.cc",
        "const bool commit = query.decision == Decision::commit;", "const bool commit = true;"),
    Bug("commit-unmarked", "an end is not noted in the table: it can be repeated", "src/broker/transactions.cc",
        "    close(query.half.value);\n", "    unclaim(query.half.value, now);\n", quick=True),
    Bug("tail-not-rewritten", "what a failed flush left is believed after a restart", "src/store/recovery.cc",
        "if (!report_.clean) SLUICE_CHECK(segments_.write_again(flushed, report_.end));", ""),
    Bug("timer-early", "timed messages come a second early", "src/broker/timers.cc",
        "index_->next(unix_ms(now))", "index_->next(unix_ms(now) + 1000)"),
    Bug("timer-mark-forgotten", "a start does not read which timed messages are delivered", "src/broker/timers_upkeep.cc",
        "  for (std::size_t i = 0; i < count; ++i) index_->remove(mark.entries[i].key);\n", ""),
    Bug("timer-mark-believed", "a start takes all that the last mark names for delivered", "src/broker/timers_upkeep.cc",
        "    SLUICE_TRY(count, delivered_after(entry, mark));\n", ""),
    Bug("timer-recall-forgotten", "a start does not read which timed messages were taken back", "src/broker/timers.cc",
        "      index_->remove({*due, message.prepared.value});\n", ""),
    Bug("timer-index-ahead", "the index of timed messages knows what a power cut can take", "src/broker/timers_upkeep.cc",
        "  store_.flush_log();\n  if (store_.flushed() < end) return {};\n", "",
        also=(("known.log_end > store_.end() || apache_was_here", "apache_was_here"),)),  # or the start notices it
    Bug("kept-not-waited-for", "the log drops what a topic keeps before it is copied", "src/store/keeper.cc",
        "  if (position.value <= given_up_.load()) return true;\n", "  if (position.value >= given_up_.load()) return true;\n"),
    Bug("kept-not-synced", "the log drops what a topic keeps before the copy is durable", "src/store/compacted.cc",
        "  SLUICE_CHECK(records_->sync());\n", ""),
]
