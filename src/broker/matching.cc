#include "broker/matching.h"

#include "wire/record/properties.h"
#include "wire/record/record.h"

namespace sluice::broker {
namespace {

class RecordProperties : public delivery::sql::Properties {
 public:
  explicit RecordProperties(std::string_view text) : text_(text) {}
  std::optional<std::string_view> find(std::string_view name) const override {
    const std::string_view value = wire::record::find_property(text_, name);
    if (value.empty()) return std::nullopt;
    return value;
  }

 private:
  std::string_view text_;
};

}  // namespace

Result<bool> matches(const store::MessageStore& store, const delivery::Subscription* subscription,
                     const store::IndexEntry& entry) {
  if (subscription == nullptr || !subscription->filter) {
    return matches(subscription, entry.tags_code, {});
  }
  SLUICE_TRY(const store::Slice slice, store.read(entry.position, entry.size));
  return matches(subscription, entry.tags_code, slice.bytes);
}

bool matches(const delivery::Subscription* subscription, std::int64_t tags_code, Bytes record) {
  if (subscription == nullptr || subscription->wants_all()) return true;
  if (!subscription->filter) return subscription->matches(tags_code);
  const auto found = wire::record::scan(record, wire::record::CrcCheck::skip);
  // What cannot be decoded here cannot be by a client: nobody wants it.
  if (found.kind != wire::record::Scan::Kind::record) return false;
  return subscription->filter->matches(RecordProperties(found.record.message.properties));
}

}  // namespace sluice::broker
