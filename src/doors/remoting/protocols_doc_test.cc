#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "doors/remoting/broker/call.h"
#include "doors/remoting/names/session.h"

namespace sluice::doors {
namespace {

std::string protocols_page() {
  std::ifstream file(SLUICE_SOURCE_DIR "/docs/PROTOCOLS.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ProtocolsPage, NamesEveryRequestThatIsAnswered) {
  const std::string page = protocols_page();
  const auto expect = [&page](const auto& rows) {
    for (const auto& row : rows) {
      EXPECT_NE(page.find(fmt::format("| {} | {} |", row.code, row.name)), std::string::npos)
          << row.code << ' ' << row.name << " is not in docs/PROTOCOLS.md";
    }
  };
  expect(broker_handlers().rows());
  expect(name_handlers().rows());
}

}  // namespace
}  // namespace sluice::doors
