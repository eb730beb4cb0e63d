#include <fmt/format.h>

#include "doors/remoting/names/session.h"
#include "wire/remoting/bodies/route.h"
#include "wire/remoting/requests/names.h"

/// The key-value configuration that operators leave at the name server, and its own settings.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

void changed(NameCall& call) {
  if (const auto& keep = call.session.door().options().kv_changed) keep();
}

Result<void> put_kv(NameCall& call, const PutKv& request) {
  call.names().kv().put(request.space, request.key, request.value);
  changed(call);
  return call.ok();
}

Result<void> get_kv(NameCall& call, const GetKv& request) {
  const auto value = call.names().kv().get(request.space, request.key);
  if (!value) {
    return fail(Errc::not_found,
                fmt::format("No config item, Namespace: {} Key: {}", request.space, request.key));
  }
  return call.ok(GetKvResponse{*value});
}

Result<void> delete_kv(NameCall& call, const DeleteKv& request) {
  call.names().kv().remove(request.space, request.key);
  changed(call);
  return call.ok();
}

Result<void> kv_list(NameCall& call, const GetKvList& request) {
  const auto pairs = call.names().kv().list(request.space);
  if (!pairs) {
    return fail(Errc::not_found, fmt::format("No config item, Namespace: {}", request.space));
  }
  Buffer body;
  encode_kv_table(body, {pairs->begin(), pairs->end()});
  return call.ok_body(body.bytes());
}

Result<void> get_config(NameCall& call, const GetNamesrvConfig&) {
  const auto& text = call.session.door().options().config_text;
  return call.ok_body(as_bytes(text ? text() : std::string()));
}

constexpr NameRow kRows[] = {
    name_row<PutKv, put_kv>(),
    name_row<GetKv, get_kv>(),
    name_row<DeleteKv, delete_kv>(),
    name_row<GetKvList, kv_list>(),
    name_row<GetNamesrvConfig, get_config>(),
};

}  // namespace

std::span<const NameRow> kv_rows() { return kRows; }

}  // namespace sluice::doors
