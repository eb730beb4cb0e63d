#include "net/address.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

TEST(Endpoint, ReadsHostAndPort) {
  const struct {
    std::string_view text, host;
    int port;
  } cases[] = {
      {"127.0.0.1:9876", "127.0.0.1", 9876},
      {"localhost:1", "localhost", 1},
      {"[::1]:9876", "::1", 9876},
      {"fe80::1:9876", "fe80::1", 9876},
  };
  for (const auto& c : cases) {
    const auto endpoint = parse_endpoint(c.text);
    ASSERT_TRUE(endpoint) << c.text;
    EXPECT_EQ(endpoint->host, c.host);
    EXPECT_EQ(endpoint->port, c.port);
  }
}

TEST(Endpoint, RefusesWhatIsNoAddressAndSaysWhatIsExpected) {
  for (std::string_view text : {"", "host", "host:", ":9876", "host:0", "host:65536", "host:x"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().code(), Errc::invalid_argument);
    EXPECT_NE(endpoint.error().remark().find("host:port"), std::string_view::npos);
  }
}

TEST(Address, IsWrittenAsRoutesWantIt) {
  Address v4;
  v4.bytes = {std::byte{10}, std::byte{0}, std::byte{0}, std::byte{7}};
  v4.port = 10911;
  EXPECT_EQ(v4.text(), "10.0.0.7:10911");
  Address v6;
  v6.v6 = true;
  v6.bytes[15] = std::byte{1};
  v6.port = 80;
  EXPECT_EQ(v6.text(), "[::1]:80");
}

}  // namespace
}  // namespace sluice::net
