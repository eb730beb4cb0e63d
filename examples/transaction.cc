// A message that is sent if a local step succeeds, and only then:  transaction 127.0.0.1:9876
#include <iostream>
#include <mutex>
#include <set>
#include <string>

#include <sluice/producer.h>

/// Stands for a database: what has been paid.
class Ledger {
 public:
  bool pay(const std::string& order) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return paid_.insert(order).second;
  }
  bool is_paid(std::string_view order) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return paid_.count(std::string(order)) > 0;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> paid_;
};

int main(int argc, char** argv) {
  Ledger ledger;
  sluice::Client client({.name_servers = argc > 1 ? argv[1] : "127.0.0.1:9876"});
  // The broker asks this when it has heard no decision, also of a producer that died: the ledger
  // knows.
  const auto check = [&ledger](const sluice::ReceivedMessage& half) {
    return ledger.is_paid(half.body) ? sluice::Decision::commit : sluice::Decision::rollback;
  };
  sluice::Producer producer(client, {.group = "cashiers", .check = check});
  for (const char* order : {"order-1", "order-2"}) {
    auto begun = producer.begin({.topic = "paid_orders", .body = order});
    if (!begun) return std::cerr << begun.error().remark << '\n', 1;
    const auto ended = ledger.pay(order) ? begun->commit() : begun->rollback();
    if (!ended) std::cerr << "the broker will ask: " << ended.error().remark << '\n';
    std::cout << order << " is on its way\n";
  }
}
