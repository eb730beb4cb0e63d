#include "client/producing/batcher.h"

#include <algorithm>

namespace sluice::client {

namespace {
std::unexpected<Error> again(const Error& error) {
  return fail(error.code(), std::string(error.remark()));
}
}  // namespace

Batcher::Batcher(net::Reactor& reactor, const ProducerOptions& options, Steps steps)
    : linger_(options.linger),
      bytes_max_(std::min(options.batch_bytes, options.max_message_bytes)),
      steps_(std::move(steps)),
      timer_(reactor, [this] { flush_due(); }) {}

void Batcher::add(std::unique_ptr<Sending> one, std::optional<Queue> queue) {
  Place place(one->out.message.topic, std::move(queue));
  if (groups_.contains(place) && groups_[place].bytes + one->out.bytes() > bytes_max_) {
    send(place.second, std::move(groups_.extract(place).mapped()));
  }
  Group& group = groups_[place];
  if (group.members.empty()) group.due = steps_.now() + linger_;
  group.bytes += one->out.bytes();
  group.members.push_back(std::move(one));
  if (group.bytes >= bytes_max_) {
    auto full = groups_.extract(place);
    return send(std::move(full.key().second), std::move(full.mapped()));
  }
  if (!std::exchange(armed_, true)) timer_.arm(linger_);
}

void Batcher::flush_due() {
  armed_ = false;
  const SteadyTime now = steps_.now();
  std::optional<SteadyTime> next;
  for (auto at = groups_.begin(); at != groups_.end();) {
    if (at->second.due > now) {
      next = next ? std::min(*next, at->second.due) : at->second.due;
      ++at;
      continue;
    }
    auto due = groups_.extract(at++);
    send(std::move(due.key().second), std::move(due.mapped()));
  }
  if (next && !std::exchange(armed_, true)) timer_.arm(*next - now);
}

void Batcher::flush(const std::string& topic) {
  for (auto at = groups_.lower_bound({topic, std::nullopt});
       at != groups_.end() && at->first.first == topic;) {
    auto group = groups_.extract(at++);
    send(std::move(group.key().second), std::move(group.mapped()));
  }
}

void Batcher::flush() {
  for (auto& [place, group] : std::exchange(groups_, {})) send(place.second, std::move(group));
}

void Batcher::send(std::optional<Queue> queue, Group group) {
  if (group.members.size() == 1) return steps_.send(std::move(group.members.front()));
  std::vector<const Outgoing*> members;
  members.reserve(group.members.size());
  for (const auto& one : group.members) members.push_back(&one->out);
  auto batch = std::make_unique<Sending>();
  batch->out = join(members, steps_.make_id());
  batch->options.queue = std::move(queue);
  const auto first =
      std::ranges::min_element(group.members, {}, [](const auto& one) { return one->deadline; });
  batch->deadline = (*first)->deadline;
  batch->done = [members = std::move(group.members), finish = steps_.finish](
                    const Outgoing&, const Result<Stored>& stored) mutable {
    for (std::size_t i = 0; i < members.size(); ++i) {
      finish(*members[i], stored ? Result<Stored>(nth(*stored, i)) : again(stored.error()));
    }
  };
  steps_.send(std::move(batch));
}

}  // namespace sluice::client
