#include "doors/remoting/broker/call.h"

namespace sluice::doors {

const HandlerTable<BrokerCall>& broker_handlers() {
  static const HandlerTable<BrokerCall> table{
      retry_rows(),      pull_rows(),        pop_rows(),   offset_rows(), member_rows(),
      lock_rows(),       topic_rows(),       group_rows(), stats_rows(),  broker_info_rows(),
      assignment_rows(), transaction_rows(), relay_rows(), reply_rows(),  finding_rows(),
      life_rows(),       timer_rows()};
  return table;
}

}  // namespace sluice::doors
