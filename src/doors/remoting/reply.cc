#include "doors/remoting/reply.h"

#include <fmt/format.h>

namespace sluice::doors {

void write_error(net::OutQueue& out, const ReplyTo& to, const Error& error) {
  write_reply(out, to, errc_row(error.code()).remoting_code, error.remark(), NoResponse{});
}

void write_unknown_code(net::OutQueue& out, const ReplyTo& to, std::int32_t code) {
  write_reply(out, to, wire::remoting::kNotSupported,
              fmt::format(" request type {} not supported", code), NoResponse{});
}

}  // namespace sluice::doors
