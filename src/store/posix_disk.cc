#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <span>
#include <system_error>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "store/disk.h"

namespace sluice::store {
namespace {

Errc errc_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Errc::disk_full;
    case ENOENT:
    case ENOTDIR: return Errc::not_found;
    default: return Errc::io_error;
  }
}

std::unexpected<Error> failed(std::string_view operation, const std::string& path, int error) {
  return fail(errc_of(error),
              fmt::format("{} {}: {}", operation, path, std::generic_category().message(error)));
}

std::unexpected<Error> sync_failed(std::string_view operation, const std::string& path, int error) {
  return fail(Errc::io_error,
              fmt::format("{} {}: {}", operation, path, std::generic_category().message(error)));
}

class PosixMapping final : public Mapping {
 public:
  PosixMapping(void* at, std::size_t size)
      : at_(at), size_(size), known_(size / static_cast<std::size_t>(kPart) + 1) {}
  PosixMapping(const PosixMapping&) = delete;
  PosixMapping& operator=(const PosixMapping&) = delete;
  ~PosixMapping() override {
    if (size_ > 0) ::munmap(at_, size_);
  }
  Bytes bytes() const override { return {static_cast<const std::byte*>(at_), size_}; }

  /// Asked of the system once for a whole part, then believed for a moment: readers ask for each
  /// record, and the system call costs more than sending one. A page that leaves meanwhile costs
  /// one wait for the disk.
  bool in_memory(std::int64_t at, std::int64_t size) const override {
    const std::uint32_t now = moment();
    for (std::int64_t part = at / kPart; part * kPart < at + size; ++part) {
      if (!part_in_memory(part, now)) return ask(at, size);
    }
    return true;
  }

 private:
  static constexpr std::int64_t kPart = 1 << 20;
  static constexpr std::int64_t kMomentMs = 128;

  /// From 1 on: no part was asked for at 0.
  static std::uint32_t moment() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return static_cast<std::uint32_t>((now.tv_sec * 1'000 + now.tv_nsec / 1'000'000) / kMomentMs +
                                      1);
  }

  bool part_in_memory(std::int64_t part, std::uint32_t now) const {
    std::atomic<std::uint32_t>& known = known_[static_cast<std::size_t>(part)];
    const std::uint32_t was = known.load(std::memory_order_relaxed);
    if (was >> 1 == now) return (was & 1) != 0;
    const std::int64_t from = part * kPart;
    const bool whole = ask(from, std::min(kPart, static_cast<std::int64_t>(size_) - from));
    known.store(now << 1 | std::uint32_t{whole}, std::memory_order_relaxed);
    return whole;
  }

  bool ask(std::int64_t at, std::int64_t size) const {
    static const std::int64_t page = ::sysconf(_SC_PAGESIZE);
    std::array<unsigned char, 256> pages;
    const std::int64_t end = at + size;
    for (at -= at % page; at < end;) {
      const std::int64_t part = std::min(end - at, static_cast<std::int64_t>(pages.size()) * page);
      const auto count = static_cast<std::size_t>((part + page - 1) / page);
      if (::mincore(static_cast<char*>(at_) + at, static_cast<std::size_t>(part), pages.data()))
        return false;
      const auto known = std::span(pages).first(count);
      if (std::ranges::any_of(known, [](unsigned char p) { return (p & 1) == 0; })) return false;
      at += part;
    }
    return true;
  }

  void* at_;
  std::size_t size_;
  /// Of each part: the moment it was asked for, and in the lowest bit whether all of it was there.
  mutable std::vector<std::atomic<std::uint32_t>> known_;
};

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override { ::close(fd_); }

  Result<std::int64_t> size() const override {
    struct stat info{};
    if (::fstat(fd_, &info) != 0) return failed("stat", path_, errno);
    return info.st_size;
  }

  Result<std::size_t> read(std::int64_t at, MutableBytes to) const override {
    std::size_t done = 0;
    while (done < to.size()) {
      const ssize_t n =
          ::pread(fd_, to.data() + done, to.size() - done, at + static_cast<std::int64_t>(done));
      if (n == 0) break;
      if (n > 0) {
        done += static_cast<std::size_t>(n);
      } else if (errno != EINTR) {
        return failed("read", path_, errno);
      }
    }
    return done;
  }

  Result<std::optional<std::size_t>> read_now(std::int64_t at, MutableBytes to) const override {
    const iovec part{.iov_base = to.data(), .iov_len = to.size()};
    const ssize_t n = ::preadv2(fd_, &part, 1, at, RWF_NOWAIT);
    if (n == static_cast<ssize_t>(to.size())) return to.size();
    // A part may be the end of the file or of what is in memory: whoever may wait finds out.
    if (n >= 0 || errno == EAGAIN || errno == EINTR) return std::nullopt;
    if (errno != EOPNOTSUPP) return failed("read", path_, errno);
    SLUICE_TRY(const std::size_t got, read(at, to));  // this file system cannot say
    return got;
  }

  void will_need(std::int64_t at, std::int64_t size) const override {
    (void)::posix_fadvise(fd_, at, size, POSIX_FADV_WILLNEED);
  }
  void wont_need(std::int64_t at, std::int64_t size) const override {
    (void)::posix_fadvise(fd_, at, size, POSIX_FADV_DONTNEED);
  }

  Result<void> write(std::int64_t at, Bytes from) override {
    std::size_t done = 0;
    while (done < from.size()) {
      const ssize_t n = ::pwrite(fd_, from.data() + done, from.size() - done,
                                 at + static_cast<std::int64_t>(done));
      if (n > 0) {
        done += static_cast<std::size_t>(n);
      } else if (n == 0 || errno != EINTR) {
        return failed("write", path_, n == 0 ? EIO : errno);
      }
    }
    return {};
  }

  Result<void> resize(std::int64_t size) override {
    if (::ftruncate(fd_, size) != 0) return failed("resize", path_, errno);
    return {};
  }

  Result<void> clear_from(std::int64_t at) override {
    SLUICE_TRY(const std::int64_t end, size());
    if (at >= end) return {};
    if (::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, end - at) == 0) return {};
    if (errno != EOPNOTSUPP && errno != ENOSYS) return failed("clear", path_, errno);
    const std::vector<std::byte> zeros(std::size_t{1} << 20);
    for (; at < end; at += std::ssize(zeros)) {
      const std::int64_t length = std::min<std::int64_t>(end - at, std::ssize(zeros));
      SLUICE_CHECK(write(at, Bytes(zeros).first(static_cast<std::size_t>(length))));
    }
    return {};
  }

  /// Never disk_full, which can be waited out: after a failed sync the pages may be lost.
  Result<void> sync() override {
    if (::fdatasync(fd_) != 0) return sync_failed("sync", path_, errno);
    return {};
  }

  Result<std::unique_ptr<Mapping>> map(std::int64_t size) const override {
    const auto length = static_cast<std::size_t>(size);
    if (length == 0) return std::make_unique<PosixMapping>(nullptr, 0);
    void* at = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, fd_, 0);
    if (at == MAP_FAILED) return failed("map", path_, errno);
    return std::make_unique<PosixMapping>(at, length);
  }

  /// Takes the lock over the first byte, as Apache does. fcntl locks are between processes only, so
  /// a second store in this process needs the open-file kind.
  Result<void> lock() {
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    whole.l_len = 1;
    if (::fcntl(fd_, F_OFD_SETLK, &whole) == 0) return {};
    if (errno != EAGAIN && errno != EACCES) return failed("lock", path_, errno);
    return fail(Errc::in_use,
                fmt::format("{} is locked: another broker runs on this store; stop it "
                            "or choose another storePathRootDir",
                            path_));
  }

 private:
  int fd_;
  std::string path_;
};

Result<std::unique_ptr<PosixFile>> open_file(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) return failed("open", path, errno);
  return std::make_unique<PosixFile>(fd, path);
}

Result<void> sync_with(int (*sync)(int), const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("open folder", folder, errno);
  const int error = sync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (error != 0) return sync_failed("sync folder", folder, error);
  return {};
}

class PosixDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Open mode) override {
    constexpr int kFlags[] = {O_RDONLY, O_RDWR, O_RDWR | O_CREAT};
    return open_file(path, kFlags[static_cast<int>(mode)]);
  }

  Result<std::vector<std::string>> list(const std::string& folder) override {
    std::vector<std::string> names;
    DIR* entries = ::opendir(folder.c_str());
    if (entries == nullptr) {
      if (errno == ENOENT) return names;
      return failed("list", folder, errno);
    }
    while (const dirent* entry = ::readdir(entries)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(entries);
    std::ranges::sort(names);
    return names;
  }

  Result<void> make_folder(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return failed("make folder", path, error.value());
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from, errno);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return failed("remove", path, error.value());
    return {};
  }

  Result<void> sync_folder(const std::string& path) override { return sync_with(::fsync, path); }
  Result<void> sync_all(const std::string& folder) override { return sync_with(::syncfs, folder); }

  bool exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  Result<std::unique_ptr<File>> lock(const std::string& path) override {
    SLUICE_TRY(auto file, open_file(path, O_RDWR | O_CREAT));
    SLUICE_CHECK(file->lock());
    return file;
  }

  Result<Space> space(const std::string& path) override {
    struct statvfs info{};
    if (::statvfs(path.c_str(), &info) != 0) return failed("measure", path, errno);
    const auto bytes = [&](std::uint64_t blocks) {
      return static_cast<std::int64_t>(blocks * info.f_frsize);
    };
    const std::int64_t available = bytes(info.f_bavail);
    return Space{.total = bytes(info.f_blocks - info.f_bfree) + available, .available = available};
  }
};

}  // namespace

std::unique_ptr<Disk> posix_disk() { return std::make_unique<PosixDisk>(); }

}  // namespace sluice::store
