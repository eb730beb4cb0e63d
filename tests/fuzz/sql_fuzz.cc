// SQL filters come from strangers: compiling says a program or where it is wrong, and a program
// ends, without leaving its stack, whatever the properties are. The input is the expression, a line
// end, and the text that every property has.

#include <string_view>

#include "base/assert.h"
#include "delivery/sql/filter.h"

using sluice::delivery::sql::Filter;

namespace {

class OneText : public sluice::delivery::sql::Properties {
 public:
  explicit OneText(std::string_view text) : text_(text) {}
  std::optional<std::string_view> find(std::string_view name) const override {
    SLUICE_ASSERT(!name.empty());
    if (name.front() == 'n') return std::nullopt;
    return text_;
  }

 private:
  std::string_view text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  const std::string_view all(input);
  const auto line = all.rfind('\n');
  const std::string_view expression = all.substr(0, line);
  const std::string_view text = line == std::string_view::npos ? "5" : all.substr(line + 1);
  const auto filter = Filter::compile(expression);
  if (filter) {
    const OneText message(text);
    SLUICE_ASSERT(filter->matches(message) == filter->matches(message));
  } else {
    SLUICE_ASSERT(filter.error().code() == sluice::Errc::subscription_malformed);
    SLUICE_ASSERT(filter.error().remark().contains("position"));
  }
  return 0;
}
