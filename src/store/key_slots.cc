#include "store/key_slots.h"

#include <algorithm>
#include <array>

namespace sluice::store {
namespace {

constexpr std::size_t kSlotBytes = 4, kPageBytes = 4096, kSlotsPerPage = kPageBytes / kSlotBytes;
constexpr std::size_t kPagesPerWrite = 64;

std::size_t place_in_page(std::int32_t slot) {
  return static_cast<std::size_t>(slot) % kSlotsPerPage * kSlotBytes;
}

}  // namespace

struct KeySlots::Page {
  std::array<std::byte, kPageBytes> bytes{};
  bool changed = false;
};

KeySlots::KeySlots(File& file, std::int64_t at, std::int32_t count)
    : file_(file),
      at_(at),
      bytes_(std::int64_t{count} * static_cast<std::int64_t>(kSlotBytes)),
      pages_((static_cast<std::size_t>(count) + kSlotsPerPage - 1) / kSlotsPerPage) {}

KeySlots::~KeySlots() = default;

std::int64_t KeySlots::offset_of(std::size_t page) const {
  return at_ + static_cast<std::int64_t>(page * kPageBytes);
}

std::size_t KeySlots::bytes_of(std::size_t page) const {
  return std::min(kPageBytes, static_cast<std::size_t>(bytes_) - page * kPageBytes);
}

Result<std::int32_t> KeySlots::get(std::int32_t slot) const {
  const auto& page = pages_[static_cast<std::size_t>(slot) / kSlotsPerPage];
  if (page) return load_be<std::int32_t>(page->bytes.data() + place_in_page(slot));
  std::array<std::byte, kSlotBytes> raw{};
  SLUICE_CHECK(file_.read(at_ + std::int64_t{slot} * static_cast<std::int64_t>(kSlotBytes), raw));
  return load_be<std::int32_t>(raw.data());
}

Result<KeySlots::Page*> KeySlots::page_of(std::int32_t slot) {
  const std::size_t number = static_cast<std::size_t>(slot) / kSlotsPerPage;
  std::unique_ptr<Page>& page = pages_[number];
  if (!page) {
    auto fresh = std::make_unique<Page>();
    SLUICE_CHECK(file_.read(offset_of(number), std::span(fresh->bytes).first(bytes_of(number))));
    page = std::move(fresh);
  }
  return page.get();
}

void KeySlots::expect(std::int32_t slot) const {
  const auto& page = pages_[static_cast<std::size_t>(slot) / kSlotsPerPage];
  if (page) __builtin_prefetch(page->bytes.data() + place_in_page(slot), 1);
}

Result<std::int32_t> KeySlots::exchange(std::int32_t slot, std::int32_t number) {
  SLUICE_TRY(Page* const page, page_of(slot));
  std::byte* const at = page->bytes.data() + place_in_page(slot);
  const auto before = load_be<std::int32_t>(at);
  store_be(at, number);
  page->changed = changed_ = true;
  return before;
}

Result<void> KeySlots::write_back() {
  if (!changed_) {
    for (auto& page : pages_) page.reset();
    return {};
  }
  std::vector<std::byte> run;
  for (std::size_t i = 0; i < pages_.size();) {
    const std::size_t first = i;
    run.clear();
    for (; i < pages_.size() && i - first < kPagesPerWrite && pages_[i] && pages_[i]->changed;
         ++i) {
      const auto bytes = std::span(pages_[i]->bytes).first(bytes_of(i));
      run.insert(run.end(), bytes.begin(), bytes.end());
    }
    if (i == first) {
      ++i;
      continue;
    }
    SLUICE_CHECK(file_.write(offset_of(first), run));
    for (std::size_t done = first; done < i; ++done) pages_[done]->changed = false;
  }
  changed_ = false;
  return {};
}

}  // namespace sluice::store
