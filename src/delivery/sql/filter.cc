#include "delivery/sql/filter.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "delivery/sql/parser.h"

namespace sluice::delivery::sql {
namespace {

// One operand each of OR, AND and a comparison can wait for what is nested deeper.
constexpr std::size_t kStackMax = 3 * (kNestingMax + 2);

/// Runs a program over one message. An operation that gives false ends the evaluation.
class Machine {
 public:
  Machine(const Program& program, const Properties& properties)
      : program_(program), properties_(properties) {}

  bool run() {
    for (next_ = 0; next_ < program_.code.size();) {
      if (!step(program_.code[next_++])) return false;
    }
    return is(top(), true);
  }

 private:
  bool step(const Instruction& i) {
    switch (i.op) {
      case Op::constant:
        return push(i.constant.type == Type::text ? Value::of(program_.text(i)) : i.constant);
      case Op::property: return push_property(program_.text(i));
      case Op::cast: return put(top().is_null() ? Value::null() : Value::of(false));
      case Op::negate: return put(top().is_null() ? Value::null() : Value::of(!top().boolean));
      case Op::equal: return equal();
      case Op::greater:
      case Op::greater_equal:
      case Op::less:
      case Op::less_equal: return order(i.op);
      case Op::both: return combine(false);
      case Op::either: return combine(true);
      case Op::skip_if:
        if (is(top(), i.constant.boolean)) next_ = i.first;
        return true;
      case Op::in: return in(i);
      case Op::contains:
      case Op::starts_with:
      case Op::ends_with: return search(i);
    }
    return false;
  }

  static bool is(const Value& value, bool wanted) {
    return value.type == Type::boolean && value.boolean == wanted;
  }

  bool equal() {
    const Value right = pop();
    const Value left = top();
    // NULL on the left makes it unknown, NULL on the right makes it false, two are equal.
    if (left.is_null()) return put(right.is_null() ? Value::of(true) : Value::null());
    if (right.is_null()) return put(Value::of(false));
    const auto answer = compare(left, right);
    return answer && put(Value::of(*answer == 0));
  }

  bool order(Op op) {
    const Value right = pop();
    const Value left = top();
    if (left.is_null() || right.is_null()) return put(Value::null());
    const auto answer = compare_order(left, right);
    if (!answer) return false;
    const bool holds = op == Op::greater         ? *answer > 0
                       : op == Op::greater_equal ? *answer >= 0
                       : op == Op::less          ? *answer < 0
                                                 : *answer <= 0;
    return put(Value::of(holds));
  }

  /// AND is decided by a false operand, OR by a true one; else NULL makes the result unknown.
  bool combine(bool decisive) {
    const Value right = pop();
    const Value left = top();
    if (is(left, decisive) || is(right, decisive)) return put(Value::of(decisive));
    if (left.is_null() || right.is_null()) return put(Value::null());
    return put(Value::of(!decisive));
  }

  bool in(const Instruction& i) {
    if (top().is_null()) return true;
    const auto first = program_.list.begin() + i.first;
    const bool found =
        std::ranges::binary_search(first, first + i.size, top().text(), {},
                                   [this](TextRange range) { return program_.text(range); });
    return put(Value::of(found != i.inverted));
  }

  bool search(const Instruction& i) {
    const std::string_view wanted = program_.text(i);
    // False also when inverted: so it is with Apache's filter.
    if (wanted.empty() || top().type != Type::text) return put(Value::of(false));
    const std::string_view text = top().text();
    const bool found = i.op == Op::contains      ? text.contains(wanted)
                       : i.op == Op::starts_with ? text.starts_with(wanted)
                                                 : text.ends_with(wanted);
    return put(Value::of(found != i.inverted));
  }

  bool push_property(std::string_view name) {
    const auto found = properties_.find(name);
    return push(found ? Value::of(*found) : Value::null());
  }
  bool push(const Value& value) {
    SLUICE_ASSERT(depth_ < kStackMax);
    stack_[depth_++] = value;
    return true;
  }
  bool put(const Value& value) {
    top() = value;
    return true;
  }
  Value pop() { return stack_[--depth_]; }
  Value& top() { return stack_[depth_ - 1]; }

  const Program& program_;
  const Properties& properties_;
  std::size_t next_ = 0;
  std::size_t depth_ = 0;
  std::array<Value, kStackMax> stack_;
};

}  // namespace

Result<Filter> Filter::compile(std::string_view expression) {
  SLUICE_TRY(Program program, parse(expression));
  return Filter(std::move(program));
}

bool Filter::matches(const Properties& properties) const {
  return Machine(program_, properties).run();
}

}  // namespace sluice::delivery::sql
