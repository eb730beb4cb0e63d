#include "client/consuming/offset_keeper.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "wire/json/reader.h"
#include "wire/json/writer.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;
namespace json = wire::json;

std::string offsets_to_json(const StoredOffsets& offsets) {
  Buffer text;
  json::Writer out(text);
  out.begin_object().key("offsetTable").begin_object();
  for (const auto& [queue, offset] : offsets) {
    write(out, queue.topic, queue.broker, queue.id);
    out.colon().value(offset);
  }
  out.end().end();
  return std::string(as_text(text.bytes()));
}

std::optional<StoredOffsets> offsets_from_json(std::string_view text) {
  const auto file = json::parse(text);
  if (!file || !file->is_object()) return std::nullopt;
  StoredOffsets offsets;
  for (const auto& [key, offset] : json::object(*file, "offsetTable").items()) {
    const auto queue = json::parse(key);
    if (!queue || !offset.is_number_integer()) continue;
    const MessageQueue q = read_message_queue(*queue);
    offsets[{q.topic, q.broker_name, q.queue_id}] = offset.get<std::int64_t>();
  }
  return offsets;
}

OffsetKeeper::OffsetKeeper(Core& core, std::string group, std::string file)
    : core_(core), group_(std::move(group)), file_(std::move(file)) {
  if (!file_.empty()) read_file();
}

std::string OffsetKeeper::file_of(const std::string& directory, const std::string& client_id,
                                  const std::string& group) {
  const char* home = std::getenv("HOME");
  const std::string root = !directory.empty()
                               ? directory
                               : fmt::format("{}/.rocketmq_offsets", home != nullptr ? home : ".");
  return fmt::format("{}/{}/{}/offsets.json", root, client_id, group);
}

Task<Result<std::int64_t>> OffsetKeeper::load(Queue queue) {
  if (!file_.empty()) {
    const auto found = local_.find(queue);
    co_return found == local_.end() ? -1 : found->second;
  }
  SLUICE_CO_TRY(const RoutePtr route, co_await core_.routes().get(queue.topic));
  QueryConsumerOffset request;
  request.group = group_;
  request.topic = queue.topic;
  request.queue_id = queue.id;
  request.zero_if_missing = false;
  SLUICE_CO_TRY(const Answer answer, co_await core_.call(route->address_of(queue.broker), request));
  if (answer.command.code == kQueryNotFound) co_return -1;
  SLUICE_CO_CHECK(check(answer));
  OffsetResponse response;
  SLUICE_CO_CHECK(OffsetResponse::Wire::decode(answer.command.ext, response));
  co_return response.offset;
}

Task<Result<void>> OffsetKeeper::store(Queue queue, std::int64_t offset) {
  if (!file_.empty()) {
    local_[queue] = offset;
    dirty_ = true;
    co_return Result<void>{};
  }
  SLUICE_CO_TRY(const RoutePtr route, co_await core_.routes().get(queue.topic));
  UpdateConsumerOffset request;
  request.group = group_;
  request.topic = queue.topic;
  request.queue_id = queue.id;
  request.commit_offset = offset;
  SLUICE_CO_TRY(const Answer answer, co_await core_.call(route->address_of(queue.broker), request));
  co_return check(answer);
}

Result<void> OffsetKeeper::flush() {
  if (!std::exchange(dirty_, false)) return {};
  return write_file();
}

void OffsetKeeper::read_file() {
  // Java's client keeps the file before the last one beside it, for when that is damaged.
  for (const std::string& name : {file_, file_ + ".bak"}) {
    std::ifstream in(name);
    std::stringstream text;
    text << in.rdbuf();
    if (auto offsets = offsets_from_json(text.str())) {
      local_ = std::move(*offsets);
      return;
    }
  }
}

Result<void> OffsetKeeper::write_file() const {
  // A new file that takes the old one's place: a crash leaves one of the two, whole.
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(file_).parent_path(), error);
  const std::string fresh = file_ + ".tmp";
  std::ofstream file(fresh, std::ios::trunc);
  file << offsets_to_json(local_);
  file.close();
  if (file) std::filesystem::rename(fresh, file_, error);
  if (!file || error) {
    return fail(Errc::io_error, fmt::format("offsets cannot be written to {}: {}", file_,
                                            error ? error.message() : "see its directory"));
  }
  return {};
}

}  // namespace sluice::client
