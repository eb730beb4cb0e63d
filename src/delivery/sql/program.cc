#include "delivery/sql/program.h"

namespace sluice::delivery::sql {

std::size_t Program::emit(const Instruction& instruction) {
  code.push_back(instruction);
  return code.size() - 1;
}

TextRange Program::keep(std::string_view text) {
  const TextRange range{.first = static_cast<std::uint32_t>(pool.size()),
                        .size = static_cast<std::uint32_t>(text.size())};
  pool += text;
  return range;
}

}  // namespace sluice::delivery::sql
