// A remoting frame from a stranger, in both header kinds: decoding must refuse it or give what,
// written again, decodes to the same.

#include <string>
#include <vector>

#include "base/assert.h"
#include "wire/remoting/command.h"

namespace {

using sluice::Buffer;
using sluice::Bytes;
using sluice::wire::remoting::Command;
using sluice::wire::remoting::FrameWriter;

/// The frame as a sender of ours would write it.
std::vector<std::byte> write_again(const Command& command) {
  Buffer out;
  FrameWriter writer(out, {.kind = command.kind,
                           .code = command.code,
                           .opaque = command.opaque,
                           .flag = command.flag,
                           .remark = command.remark});
  for (const auto& field : command.ext) writer.field(field.name, field.value);
  writer.finish(command.body.size());
  std::vector<std::byte> frame(out.bytes().begin(), out.bytes().end());
  frame.insert(frame.end(), command.body.begin(), command.body.end());
  return frame;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> input(size);
  for (std::size_t i = 0; i < size; ++i) input[i] = std::byte{data[i]};
  const auto frame_bytes = sluice::wire::remoting::frame_size(input);
  if (!frame_bytes || *frame_bytes == 0 || *frame_bytes > size) return 0;
  Command command;
  if (!decode(std::span(input).first(*frame_bytes), command)) return 0;

  std::vector<std::byte> again = write_again(command);
  Command second;
  const auto decoded = decode(again, second);
  SLUICE_ASSERT(decoded);
  SLUICE_ASSERT(second.code == command.code && second.opaque == command.opaque);
  SLUICE_ASSERT(second.remark == command.remark && second.ext.size() == command.ext.size());
  for (const auto& field : command.ext) {
    SLUICE_ASSERT(second.ext.get(field.name) == command.ext.get(field.name));
  }
  SLUICE_ASSERT(std::ranges::equal(second.body, command.body));
  return 0;
}
