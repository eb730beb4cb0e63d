#include "delivery/sql/operand.h"

namespace sluice::delivery::sql {

Result<void> check_boolean(const Operand& operand) {
  if (operand.is_boolean() || operand.kind == Operand::Kind::property) return {};
  return refuse(operand.token,
                "it is neither true nor false; a comparison or a property is needed");
}

Result<void> check_order(const Operand& operand) {
  if (operand.is_boolean() || (operand.is_constant() && !operand.value.is_number())) {
    return refuse(operand.token, "< <= > >= and BETWEEN compare numbers and properties only");
  }
  return {};
}

Result<void> check_equal(const Operand& left, const Operand& right) {
  for (const Operand* const operand : {&left, &right}) {
    if (operand->is_constant() && operand->value.is_null()) {
      return refuse(operand->token, "= and <> do not compare with NULL; write IS NULL");
    }
  }
  if (left.kind == Operand::Kind::truth && right.kind == Operand::Kind::literal) {
    return refuse(right.token, "TRUE and FALSE cannot be compared with a number or text");
  }
  return {};
}

Result<void> check_limits(const Operand& low, const Operand& high) {
  if (low.is_constant() && high.is_constant() && compare(high.value, low.value) < 0) {
    return refuse(high.token, "the second limit of BETWEEN must not be below the first");
  }
  return {};
}

}  // namespace sluice::delivery::sql
