#include "world.h"

#include <utility>

#include "reading.h"

namespace sluice::sim {
namespace {

const std::string kRoot = "/r";

store::StoreOptions store_options(const Plan& plan) {
  return {.root = kRoot,
          .segment_bytes = plan.segment_bytes,
          .index_file_bytes = plan.index_entries * store::kIndexEntryBytes,
          .tail_bytes = plan.tail_bytes,
          .sync_flush = plan.sync_flush,
          .keys = {.slots = 50, .entries = 40},
          .few_queues = plan.many_queues ? 1 : 1000,
          .unwritten_entries = plan.many_queues ? plan.unwritten_entries : 2LL << 20,
          .files_behind = plan.many_queues ? plan.files_behind : 4LL << 30,
          .flushed_behind = plan.many_queues ? 2000 : 64LL << 20,
          .tags_code_of = broker::index_code(broker::DelayLevels())};
}

broker::BrokerOptions broker_options() {
  broker::BrokerOptions options;
  options.transactions = {.timeout = milliseconds(6000), .check_interval = milliseconds(5000)};
  return options;
}

}  // namespace

World::World(const Plan& plan, Chance& chance)
    : plan_(plan), chance_(chance), ledger_(verdict_, plan.sync_flush, plan.queues) {}

void World::answer_when(LogPosition until, OnAnswer fn) {
  waiting_.push_back({until, std::move(fn)});
}

void World::answer_all(Answer answer) {
  for (const Waiting& waiting : std::exchange(waiting_, {})) waiting.fn(answer);
}

void World::settle() {
  if (!up()) return;
  if (disk_.stopped()) return die(death_);
  const LogPosition confirmed = store_->confirmed();
  const bool failed = !store_->flush_health();
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    if (waiting.until <= confirmed) {
      waiting.fn(Answer::done);
    } else if (failed) {
      waiting.fn(Answer::failed);
    } else {
      waiting_.push_back(std::move(waiting));
    }
  }
  if (plan_.sync_flush && !failed && store_->flushed() < store_->end()) flush_soon();
}

void World::flush_soon() {
  if (std::exchange(flush_planned_, true)) return;
  timeline_.after(milliseconds(chance_.between(0, 20)), [this, life = life_] {
    flush_planned_ = false;
    if (!up() || life != life_) return;
    store_->flush_log();
    note_flush();
  });
}

void World::note_flush() {
  if (!disk_.stopped() && store_->flush_health()) ledger_.flushed(now());
}

void World::report(const char* what, const Result<void>& done) {
  if (!done) verdict_.note(fmt::format("{}: {}", what, done.error().remark()));
}

Result<void> World::open() {
  SLUICE_TRY(store_, store::MessageStore::open(disk_, clock_, store_options(plan_)));
  auto broker =
      std::make_unique<broker::Broker>(*store_, disk_, kRoot + "/config", broker_options());
  SLUICE_CHECK(broker->load(now()));
  broker->schedule().on_sooner([this] { deliver_after(milliseconds(0)); });
  broker->timers().on_sooner([this] { deliver_after(milliseconds(0)); });
  store_->keep_while([this](LogPosition below) {
    if (!broker_->timers().waits_below(below)) return false;
    kept_below_ = below;
    return true;
  });
  for (int topic = 0; topic < kTopics; ++topic) {
    if (topics_made_) {
      const auto found = broker->topics().find(topic_name(topic));
      if (found && found->read_queues() == plan_.queues) continue;
      verdict_.broken("a topic is not what it was made as");
    }
    broker::TopicConfig config{.name = topic_name(topic)};
    config.read_queues = config.write_queues = plan_.queues;
    if (plan_.keeps && topic == 0) config.attributes = {{"retention.ms", "-1"}};
    SLUICE_CHECK(broker->topics().put(std::move(config), now()));
  }
  SLUICE_CHECK(broker->persist_tables());
  topics_made_ = true;
  broker_ = std::move(broker);
  return {};
}

void World::start() {
  ++life_;
  flush_planned_ = false;
  auto opened = open();
  const bool stopped = disk_.stopped();
  if (opened && !stopped) {
    verdict_.note(fmt::format("started, the log ends at {}", store_->end().value));
    failed_starts_ = 0;
    audit();
    start_upkeep();
    for (const auto& fn : on_start_) fn();
    return;
  }
  const std::string why = opened ? "died while starting" : std::string(opened.error().remark());
  verdict_.note("not started: " + why);
  if (!stopped && ++failed_starts_ > 3) return verdict_.broken("it does not start: " + why);
  disk_.set_room(std::nullopt);
  die(stopped ? death_ : Death::kill);
}

void World::die(Death death) {
  constexpr const char* kNames[] = {"killed", "power cut", "power cut, torn"};
  verdict_.note(kNames[static_cast<int>(death)]);
  if (!disk_.stopped()) disk_.fail_from(disk_.changes());  // nothing is written any more
  broker_.reset();
  store_.reset();
  if (death == Death::kill) {
    disk_.kill();
  } else {
    disk_.cut_power(death == Death::torn_power_cut ? &chance_.engine() : nullptr);
    ledger_.power_cut();
    ++cuts_;
  }
  answer_all(Answer::none);
  timeline_.after(milliseconds(chance_.between(0, 3000)), [this] { start(); });
}

void World::restart_cleanly() {
  store_->maintain();
  report("not closed: timers", broker_->timers().upkeep(clock_.steady(), true));
  report("not closed: persist", broker_->persist(now()));
  report("not closed", store_->close());
  if (disk_.stopped()) return die(death_);
  const bool failed = !store_->flush_health();
  for (const Waiting& waiting : std::exchange(waiting_, {})) {
    waiting.fn(waiting.until <= store_->confirmed() ? Answer::done : Answer::none);
  }
  if (!failed) ledger_.flushed(now());
  verdict_.note("stopped");
  broker_.reset();
  store_.reset();
  disk_.kill();
  timeline_.after(milliseconds(chance_.between(0, 3000)), [this] { start(); });
}

void World::audit() {
  broker::PullResult result;
  for (int topic = 0; topic < kTopics; ++topic) {
    for (int queue = 0; queue < plan_.queues; ++queue) {
      const std::string name = topic_name(topic);
      const auto index = store_->queue(name, QueueId(queue));
      const std::int64_t min = index->min().value;
      // On a full disk the log's room comes first.
      if (plan_.keeps && topic == 0 && !plan_.disk_full && min > 0) {
        verdict_.broken(fmt::format("queue {}/{} keeps all, but begins at {}", topic, queue, min));
      }
      std::vector<wire::record::Decoded> all;
      std::vector<std::vector<store::Slice>> owners;
      broker::PullQuery query{.group = "auditors", .topic = name, .queue_id = queue};
      query.expression = "*";
      query.max_bytes = 1 << 20;
      for (query.offset = QueueOffset(min); query.offset < index->max();) {
        if (auto done = pull(*broker_, query, now(), result); !done) {
          return verdict_.broken(fmt::format("queue {}/{} cannot be read at {}: {}", topic, queue,
                                             query.offset.value, done.error().remark()));
        }
        if (result.next <= query.offset) {
          return verdict_.broken(
              fmt::format("queue {}/{} does not go on at {}", topic, queue, query.offset.value));
        }
        auto records = records_in(result.records);
        if (!records) {
          return verdict_.broken(fmt::format("queue {}/{} at {}: {}", topic, queue,
                                             query.offset.value, records.error().remark()));
        }
        all.insert(all.end(), records->begin(), records->end());
        owners.push_back(result.records);
        query.offset = result.next;
      }
      ledger_.audit({topic, queue}, min, all, now());
    }
  }
}

}  // namespace sluice::sim
