#include "wire/http.h"

#include <gtest/gtest.h>

namespace sluice::wire {
namespace {

TEST(Http, GivesTheBodyOfAResponse) {
  EXPECT_EQ(*http_body("HTTP/1.1 200 OK\r\nA: b\r\n\r\n10.0.0.1:9876"), "10.0.0.1:9876");
  EXPECT_EQ(http_body("HTTP/1.1 404 Not Found\r\n\r\n").error().code(), Errc::not_found);
  for (const char* bad : {"", "HTTP/1.1", "HTTP/1.1 200 OK\r\n", "hello\r\n\r\nthere"}) {
    EXPECT_EQ(http_body(bad).error().code(), Errc::malformed) << bad;
  }
}

}  // namespace
}  // namespace sluice::wire
