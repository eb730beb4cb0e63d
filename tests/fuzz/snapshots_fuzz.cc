// The snapshots beside the log: every file of config/ as text, and the leases. Reading must refuse
// them or take them, and what is taken must be written so that it is read again.
//
// Input: one byte that chooses the file, then its content.

#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/crc32.h"
#include "base/log.h"
#include "broker/lease_snapshot.h"
#include "broker/snapshots.h"
#include "broker/testing/fake_store.h"
#include "store/testing/memory_disk.h"

namespace {

using namespace sluice;
using namespace sluice::broker;

void topics(std::string_view text) {
  const auto read = topics_from_json(text);
  if (!read) return;
  std::vector<std::shared_ptr<const TopicConfig>> configs;
  for (const auto& config : read->configs) {
    configs.push_back(std::make_shared<const TopicConfig>(config));
  }
  SLUICE_ASSERT(topics_from_json(topics_to_json(configs, read->version)).has_value());
}

void groups(std::string_view text) {
  const auto read = groups_from_json(text);
  if (!read) return;
  std::vector<std::shared_ptr<const GroupConfig>> configs;
  for (const auto& config : read->configs) {
    configs.push_back(std::make_shared<const GroupConfig>(config));
  }
  SLUICE_ASSERT(groups_from_json(groups_to_json(configs, read->version)).has_value());
}

template <auto kRead, auto kWrite>
void there_and_back(std::string_view text) {
  const auto read = kRead(text);
  if (read) SLUICE_ASSERT(kRead(kWrite(*read)).has_value());
}

/// How far it knows the log, then changes. The checksum is made here: it would keep everything out.
void leases(std::string_view text) {
  constexpr std::size_t kOffsetBytes = 8;
  if (text.size() < kOffsetBytes) return;
  std::string file = "SLUICEL1";
  file.append(text.substr(0, kOffsetBytes));
  text.remove_prefix(kOffsetBytes);
  const std::uint32_t crc = crc32(as_bytes(text));
  std::byte raw[4];
  store_be(raw, crc);
  file.append(as_text(raw));
  file.append(text);
  store::testing::MemoryDisk disk;
  testing::FakeStore store;
  static_cast<void>(disk.make_folder("/config"));
  auto opened = disk.open("/config/leases", store::Disk::Open::create);
  static_cast<void>((*opened)->write(0, as_bytes(file)));
  Leases table;
  static_cast<void>(load_leases(store, disk, "/config/leases", table));
}

using Reader = void (*)(std::string_view);
constexpr Reader kReaders[] = {
    topics,
    groups,
    there_and_back<progress_from_json, progress_to_json>,
    there_and_back<schedule_from_json, schedule_to_json>,
    there_and_back<checks_from_json, checks_to_json>,
    there_and_back<request_modes_from_json, request_modes_to_json>,
    leases,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  log::set_level(log::Level::off);
  const std::vector<char> copy(data + 1, data + size);  // so that reading past it is noticed
  kReaders[data[0] % std::size(kReaders)](std::string_view(copy.data(), copy.size()));
  return 0;
}
