#include "client/producing/transactions.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/consuming/decode.h"
#include "wire/record/message_id.h"
#include "wire/record/properties.h"
#include "wire/remoting/requests/send.h"

namespace sluice::client {

using namespace wire::remoting;
namespace record = wire::record;

namespace {

struct DecisionRow {
  Decision decision;
  std::int32_t code;
};
constexpr DecisionRow kDecisions[] = {{Decision::commit, EndTransaction::kCommit},
                                      {Decision::rollback, EndTransaction::kRollback},
                                      {Decision::unknown, EndTransaction::kUnknown}};

/// A half message, as a decision names it.
struct Half {
  std::string group;
  std::int64_t offset = 0, position = 0;
  std::string message_id, transaction_id;
};

/// Views into `half`.
EndTransaction request_of(const Half& half, Decision decision) {
  EndTransaction request;
  request.producer_group = half.group;
  request.half_offset = half.offset;
  request.position = half.position;
  request.decision = std::ranges::find(kDecisions, decision, &DecisionRow::decision)->code;
  request.message_id = half.message_id;
  request.transaction_id = half.transaction_id;
  return request;
}

Decision ask(const std::function<Decision(const ReceivedMessage&)>& check,
             const ReceivedMessage& half) {
  try {
    return check(half);
  } catch (...) {  // the program's own code: whatever it throws, nothing is known
    return Decision::unknown;
  }
}

std::string_view either(std::string_view first, std::string_view second) {
  return first.empty() ? second : first;
}

}  // namespace

Transactions::Transactions(Core& core, std::string group,
                           std::function<Decision(const ReceivedMessage&)> check)
    : core_(core), group_(std::move(group)), check_(std::move(check)) {
  if (check_) checks_ = std::make_unique<Workers>(1);
}

Task<Result<void>> Transactions::end(Receipt half, Decision decision) {
  const auto parts = record::parse_message_id(half.offset_id);
  if (!parts) {
    co_return fail(Errc::invalid_argument,
                   fmt::format("'{}' does not say where a half message lies", half.offset_id));
  }
  SLUICE_CO_TRY(const RoutePtr route,
                co_await core_.routes().get(core_.names().wrap(half.queue.topic)));
  const std::string address = route->address_of(half.queue.broker);
  if (address.empty()) {
    co_return fail(Errc::closed, fmt::format("broker {} of topic {} is not in the route any more",
                                             half.queue.broker, half.queue.topic));
  }
  const Half where{group_, half.offset, parts->position.value, half.message_id,
                   half.transaction_id};
  SLUICE_CO_TRY(const Answer answer, co_await core_.call(address, request_of(where, decision)));
  if (auto refused = check(answer); !refused) {
    co_return fail(refused.error().code(),
                   fmt::format("{}: {}", address, refused.error().remark()));
  }
  co_return Result<void>();
}

bool Transactions::serve(const std::string& address, const Answer& request) {
  auto asked = decode_request<CheckTransactionState>(request.command);
  if (!asked) return false;
  Answer half;
  half.frame.append(request.command.body);
  half.command.body = half.frame.bytes();
  auto messages = decode_batch(std::move(half), {}, core_.names());
  if (!messages || messages->size() != 1) {
    core_.log(LogLevel::warning,
              fmt::format("{} asked about a transaction whose message cannot be read", address));
    return false;
  }
  ReceivedMessage& message = messages->front();
  if (message.property(record::property::kProducerGroup) != group_) return false;
  if (!check_) {
    core_.log(LogLevel::warning,
              fmt::format("{} asked about transaction {}, but producer group {} has no `check`",
                          address, message.id(), group_));
    return true;
  }
  Half where{group_, asked->half_offset, asked->position,
             std::string(either(message.property(record::property::kUniqueKey), asked->message_id)),
             std::string(asked->transaction_id)};
  const std::lock_guard lock(mutex_);
  if (!checks_) return true;
  checks_->submit([check = check_, core = core_.shared_from_this(), address,
                   message = std::move(message), where = std::move(where)] {
    const Decision decision = ask(check, message);
    core->post([core, address, where, decision] {
      EndTransaction end = request_of(where, decision);
      end.from_check = true;
      core->remoting().start_one_way(address, end);
    });
  });
  return true;
}

void Transactions::end_checks() {
  std::unique_ptr<Workers> ending;
  {
    const std::lock_guard lock(mutex_);
    ending = std::move(checks_);
  }
}

}  // namespace sluice::client
