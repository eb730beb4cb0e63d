#include <vector>

#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"

/// A frame from a client: whatever it holds, decoding ends, and within the frame.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::wire::remoting;
  const auto bytes = std::as_bytes(std::span(data, size));
  std::vector<std::byte> frame(bytes.begin(), bytes.end());
  static_cast<void>(frame_size(frame));
  Command command;
  if (!decode(frame, command)) return 0;
  static_cast<void>(decode_request<SendMessage>(command));
  static_cast<void>(decode_request<SendMessageV2>(command));
  static_cast<void>(decode_request<PullMessage>(command));
  static_cast<void>(decode_request<RegisterBroker>(command));
  return 0;
}
