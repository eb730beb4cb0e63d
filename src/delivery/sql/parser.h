#pragma once

#include <string_view>

#include "base/result.h"
#include "delivery/sql/program.h"

/// From the text of a SQL filter to its program, by recursive descent over the grammar of Apache
/// RocketMQ (filter/parser/SelectorParser.jj), with what its classes refuse refused here too.
///
/// One difference: Apache's parser ignores what follows a complete expression (`a = 1 b = 2`),
/// here it is an error.
namespace sluice::delivery::sql {

/// Errors: subscription_malformed, with the position, what was found and what is allowed.
Result<Program> parse(std::string_view expression);

}  // namespace sluice::delivery::sql
