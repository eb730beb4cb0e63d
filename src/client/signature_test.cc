#include "client/signature.h"

#include <gtest/gtest.h>

#include "wire/remoting/command.h"

namespace sluice::client {
namespace {

using namespace wire::remoting;

TEST(Signature, CoversTheFieldsInTheirOrderAndTheBody) {
  Buffer frame;
  FrameWriter writer(frame, {.code = 10, .opaque = 3});
  writer.field("x", std::string_view("b"));
  writer.finish(1);
  frame.append("c");
  Buffer whole = signed_frame(std::move(frame), {.access_key = "a", .secret_key = "12345678"});
  Command command;
  ASSERT_TRUE(decode({whole.data(), whole.size()}, command));
  EXPECT_EQ(command.code, 10);
  EXPECT_EQ(command.opaque, 3);
  EXPECT_EQ(command.ext.get("AccessKey"), "a");
  EXPECT_EQ(command.ext.get("x"), "b");
  EXPECT_EQ(as_text(command.body), "c");
  // HMAC-SHA1 of "abc", as Java's AclSigner computes it.
  EXPECT_EQ(command.ext.get("Signature"), "BOigG5+Fiv0354g5bQuwOUOPMp0=");
}

TEST(Signature, CoversATokenToo) {
  Buffer frame;
  FrameWriter(frame, {.code = 10}).finish();
  Buffer whole = signed_frame(
      std::move(frame), {.access_key = "a", .secret_key = "12345678", .security_token = "bc"});
  Command command;
  ASSERT_TRUE(decode({whole.data(), whole.size()}, command));
  EXPECT_EQ(command.ext.get("SecurityToken"), "bc");
  EXPECT_EQ(command.ext.get("Signature"), "BOigG5+Fiv0354g5bQuwOUOPMp0=");
}

}  // namespace
}  // namespace sluice::client
