#pragma once

#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "delivery/dispatch/dispatch.h"
#include "delivery/dispatch/testing/fake_queue.h"

/// Scenes of delivery as text: each line is an act and what it shows. Members are letters: a is 1.
///
///   arrive K...           messages of these keys, a number each; K/T has the tag T, +K is joined
///   to
///                         the one before
///   join M [priority]     shows notices: a+ (active), b- (not)
///   leave M, crash M      leases run out; leases are given back
///   want M T...           M wants only these tags
///   permits M N           push          pop M N MS [ATTEMPT]          pull M FROM N
///                         show deliveries a0 (a gets offset 0; a0#2 after two failures), dead
///                         messages !0 and, pull, the offset to read on
///   ack M O, ackto M O, nack M O [MS], extend M O MS, reject M O, bury O, redeliver M
///                         show done, late, unknown or an error's name
///   at MS                 the time from here on
///   floor [M]             shows the first offset that is not finished
///   again                 shows when the latest decision wanted to be asked again
namespace sluice::delivery::testing {

class Play {
 public:
  explicit Play(const Plan& plan) : dispatch_(plan, LeaseQueue(QueueOffset(0)), queue_) {}

  std::string act(std::string_view line) {
    words_ = std::istringstream(std::string(line));
    return acts().at(word())(*this);
  }

 private:
  using Act = std::function<std::string(Play&)>;

  std::string word() {
    std::string text;
    words_ >> text;
    return text;
  }
  std::int64_t number(std::int64_t otherwise = 0) {
    std::int64_t value = otherwise;
    return words_ >> value ? value : otherwise;
  }
  MemberId member() {
    const std::string name = word();
    return name.empty() ? kNobody : static_cast<MemberId>(name[0] - 'a' + 1);
  }
  static std::string name(MemberId id) { return std::string(1, static_cast<char>('a' + id - 1)); }
  Receipt receipt() {
    const MemberId id = member();
    return {id, QueueOffset(number()), std::nullopt};
  }

  static std::string show(Dispatch::Outcome outcome) {
    return std::vector<std::string>{"done", "late", "unknown"}[static_cast<std::size_t>(outcome)];
  }
  static std::string show(const Error& error) { return std::string(errc_row(error.code()).name); }
  std::string show(const Decision& decision) {
    again_ = decision.again;
    std::vector<std::string> parts;
    for (const Delivery& one : decision.deliveries) {
      const std::string attempts = one.attempts == 0 ? "" : fmt::format("#{}", one.attempts);
      parts.push_back(fmt::format("{}{}{}", name(one.member), one.offset.value, attempts));
    }
    for (const Dead& one : decision.dead) parts.push_back(fmt::format("!{}", one.offset.value));
    return join(parts);
  }
  static std::string show(const std::vector<Notice>& notices) {
    std::vector<std::string> parts;
    for (const Notice& one : notices) parts.push_back(name(one.member) + (one.active ? "+" : "-"));
    return join(parts);
  }
  static std::string join(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : " ") + part;
    return text;
  }

  std::string arrive() {
    for (std::string text = word(); !text.empty(); text = word()) {
      const bool joined = text[0] == '+';
      std::istringstream parts(text.substr(joined ? 1 : 0));
      std::uint32_t key = 0;
      std::int64_t tag = 0;
      char slash = 0;
      parts >> key >> slash >> tag;
      queue_.append(key, tag, joined);
    }
    return "";
  }
  std::string join_member() {
    Joining about;
    about.id = member();
    about.name = name(about.id);
    about.priority = static_cast<std::int32_t>(number());
    const auto notices = dispatch_.join(about, now_);
    return notices ? show(*notices) : show(notices.error());
  }
  std::string want() {
    const MemberId id = member();
    std::set<std::int64_t> tags;
    for (std::int64_t tag = 0; words_ >> tag;) tags.insert(tag);
    queue_.want(id, tags);
    return "";
  }
  std::string pop() {
    Pop pop;
    pop.member = member();
    pop.count = static_cast<std::int32_t>(number());
    pop.lease = milliseconds(number());
    pop.attempt = static_cast<std::uint64_t>(number());
    const auto decision = dispatch_.pop(queue_, pop, now_);
    return decision ? show(*decision) : show(decision.error());
  }
  std::string pull() {
    Pull pull;
    pull.member = member();
    pull.from = QueueOffset(number());
    pull.count = static_cast<std::int32_t>(number());
    const auto seen = dispatch_.pull(queue_, pull, now_);
    if (!seen) return show(seen.error());
    const std::string text = show(seen->decision);
    return fmt::format("{}{}next {}", text, text.empty() ? "" : " ", seen->next.value);
  }
  std::string acknowledge_to() {
    const MemberId id = member();
    const auto outcome = dispatch_.acknowledge_to(id, QueueOffset(number()), now_);
    return outcome ? show(*outcome) : show(outcome.error());
  }
  std::string give_back() {
    const Receipt which = receipt();
    const std::int64_t delay = number(-1);
    return show(dispatch_.give_back(
        which, delay < 0 ? std::nullopt : std::optional(milliseconds(delay)), now_));
  }
  std::string extend() {
    const Receipt which = receipt();
    const auto stamp = dispatch_.extend(which, now_ + milliseconds(number()), now_);
    return stamp ? "done" : show(stamp.error());
  }
  std::string leave(Dispatch::Leases leases) {
    return show(dispatch_.leave(member(), leases, now_));
  }

  static const std::map<std::string, Act>& acts() {
    static const std::map<std::string, Act> kActs{
        {"arrive", &Play::arrive},
        {"join", &Play::join_member},
        {"want", &Play::want},
        {"pop", &Play::pop},
        {"pull", &Play::pull},
        {"ackto", &Play::acknowledge_to},
        {"nack", &Play::give_back},
        {"extend", &Play::extend},
        {"leave", [](Play& play) { return play.leave(Dispatch::Leases::run_out); }},
        {"crash", [](Play& play) { return play.leave(Dispatch::Leases::give_back); }},
        {"push", [](Play& p) { return p.show(p.dispatch_.push(p.queue_, p.now_)); }},
        {"ack", [](Play& p) { return show(p.dispatch_.acknowledge(p.receipt(), p.now_)); }},
        {"reject", [](Play& p) { return show(p.dispatch_.reject(p.receipt(), p.now_)); }},
        {"bury", [](Play& p) { return show(p.dispatch_.bury({QueueOffset(p.number()), 0})); }},
        {"floor",
         [](Play& p) {
           return fmt::format("{}", p.dispatch_.progress(p.member()).queue().floor().value);
         }},
        {"again",
         [](Play& p) {
           return p.again_ ? fmt::format("{}", unix_ms(*p.again_)) : std::string("never");
         }},
        {"permits",
         [](Play& p) {
           const MemberId id = p.member();
           p.dispatch_.add_permits(id, p.number());
           return std::string();
         }},
        {"redeliver",
         [](Play& p) {
           p.dispatch_.give_back_all(p.member(), p.now_);
           return std::string();
         }},
        {"at",
         [](Play& p) {
           p.now_ = from_unix_ms(p.number());
           return std::string();
         }},
    };
    return kActs;
  }

  FakeQueue queue_;
  Dispatch dispatch_;
  WallTime now_ = from_unix_ms(0);
  std::optional<WallTime> again_;
  std::istringstream words_;
};

}  // namespace sluice::delivery::testing
