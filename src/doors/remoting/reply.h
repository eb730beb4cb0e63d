#pragma once

#include "net/out_queue.h"
#include "wire/remoting/fields.h"
#include "wire/remoting/response_code.h"

/// Writing answers: what both remoting doors (broker and name server) share.
namespace sluice::doors {

/// What an answer repeats of its request. A value, so that it can outlive the request's bytes.
struct ReplyTo {
  wire::remoting::HeaderKind kind = wire::remoting::HeaderKind::json;
  std::int32_t opaque = 0;
  bool oneway = false;  ///< nothing is answered

  static ReplyTo of(const wire::remoting::Command& command) {
    return {.kind = command.kind, .opaque = command.opaque, .oneway = command.is_oneway()};
  }
};

struct NoResponse {
  using Wire = wire::remoting::Fields<>;
};

inline wire::remoting::FrameWriter::Head reply_head(const ReplyTo& to, std::int32_t code,
                                                    std::string_view remark) {
  return {.kind = to.kind,
          .code = code,
          .opaque = to.opaque,
          .flag = wire::remoting::kFlagResponse,
          .remark = remark};
}

/// Writes a whole answer. `body_bytes` more bytes are announced than `body` has; the caller adds
/// them.
template <class Response>
void write_reply(net::OutQueue& out, const ReplyTo& to, std::int32_t code, std::string_view remark,
                 const Response& fields, Bytes body = {}, std::size_t body_bytes = 0) {
  if (to.oneway) return;
  wire::remoting::FrameWriter frame(out.text(), reply_head(to, code, remark));
  Response::Wire::encode(fields, frame);
  frame.finish(body.size() + body_bytes);
  out.text().append(body);
}

/// An error as the protocol says it: the code of its row, its remark as text.
void write_error(net::OutQueue& out, const ReplyTo& to, const Error& error);

/// The answer to a request code nobody handles.
void write_unknown_code(net::OutQueue& out, const ReplyTo& to, std::int32_t code);

}  // namespace sluice::doors
