#include <fmt/format.h>

#include "base/numbers.h"
#include "store/compacted.h"
#include "wire/record/record.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

/// Why the row and the record that it names are not what compaction writes; empty: they are.
std::string problem_of(const Compacted& kept, std::int64_t index, std::string_view topic,
                       std::int32_t queue) {
  const auto row = kept.row(index);
  if (!row) return std::string(row.error().remark());
  const auto bytes = kept.read(row->at, row->size);
  if (!bytes) return "its record is not in the file";
  const record::Scan scan = record::scan(*bytes, record::CrcCheck::verify);
  if (scan.kind != record::Scan::Kind::record) {
    return "its record: " + (scan.problem.empty() ? "zeros" : scan.problem);
  }
  const record::Message& message = scan.record.message;
  const bool same = scan.record.size == row->size && scan.record.placement.offset == row->offset &&
                    message.topic == topic && message.queue.value == queue;
  if (!same) return "its record is another message";
  if (row->offset >= kept.upto()) return "it lies behind what was compacted";
  const auto before = index > 0 ? kept.row(index - 1) : fail(Errc::not_found);
  if (before && before->offset >= row->offset) return "it is not in order";
  return {};
}

Result<void> check_queue(Disk& disk, const std::string& folder, std::string_view topic,
                         std::int32_t queue, std::vector<std::string>& problems) {
  const auto kept = Compacted::open(disk, folder, 0);
  if (!kept && kept.error().code() != Errc::corrupt) {
    return fail(kept.error().code(), std::string(kept.error().remark()));
  }
  if (!kept) problems.emplace_back(kept.error().remark());
  if (!kept || !*kept) return {};  // no table: what a crash left, a start removes it
  std::int64_t bad = 0;
  std::string first;
  for (std::int64_t index = 0; index < (*kept)->count(); ++index) {
    const std::string problem = problem_of(**kept, index, topic, queue);
    if (problem.empty()) continue;
    if (bad++ == 0) first = fmt::format("row {}: {}", index, problem);
  }
  if (bad > 0) {
    problems.push_back(fmt::format("{}/table: {} of {} rows are damaged; {}", folder, bad,
                                   (*kept)->count(), first));
  }
  return {};
}

/// What lies beside the log for good reason: a queue's folder, or those of its parts.
enum class Layout : std::uint8_t { one, parts };

Result<void> check_all(Disk& disk, const std::string& root, Layout layout,
                       std::vector<std::string>& problems) {
  if (!disk.exists(root)) return {};
  SLUICE_TRY(const auto topics, disk.list(root));
  for (const std::string& topic : topics) {
    SLUICE_TRY(const auto queues, disk.list(root + '/' + topic));
    for (const std::string& name : queues) {
      const auto queue = parse_number<std::int32_t>(name);
      if (!queue) continue;
      const std::string folder = root + '/' + topic + '/' + name;
      if (layout == Layout::one) {
        SLUICE_CHECK(check_queue(disk, folder, topic, *queue, problems));
        continue;
      }
      SLUICE_TRY(const auto parts, disk.list(folder));
      for (const std::string& part : parts) {
        SLUICE_CHECK(check_queue(disk, folder + '/' + part, topic, *queue, problems));
      }
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> check_compacted(Disk& disk, const std::string& root) {
  std::vector<std::string> problems;
  SLUICE_CHECK(check_all(disk, compacted_folder(root), Layout::one, problems));
  SLUICE_CHECK(check_all(disk, kept_folder(root), Layout::parts, problems));
  return problems;
}

}  // namespace sluice::store
