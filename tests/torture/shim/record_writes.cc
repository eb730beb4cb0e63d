// Preloaded into the program under test: notes every change of the files below $SLUICE_RECORD_ROOT,
// with its data and when it began and ended, in $SLUICE_RECORD_TO. tests/torture replays it to any
// moment and leaves out what was not synced.
//
// A note: op (1 byte), two paths (4 bytes length each, then bytes), begin and end in ns of the
// monotonic clock, place, count (8 bytes each, as the machine has them), data. Of calls that failed
// nothing is noted.
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>
#include <unordered_map>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

enum Op : char {
  kMake = 'm',
  kWrite = 'w',
  kResize = 'r',
  kSync = 's',
  kSyncAll = 'a',
  kRename = 'n',
  kRemove = 'd',
};

template <class Fn>
Fn* real(const char* name) {
  return reinterpret_cast<Fn*>(::dlsym(RTLD_NEXT, name));
}

std::int64_t now() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

struct Recorder {
  std::string root;
  int to = -1;
  std::mutex mutex;  // guards what follows and the order of the notes
  std::unordered_map<int, std::string> paths;

  Recorder() {
    const char* folder = std::getenv("SLUICE_RECORD_ROOT");
    const char* file = std::getenv("SLUICE_RECORD_TO");
    if (folder == nullptr || file == nullptr) return;
    root = folder;
    to = real<int(const char*, int, ...)>("open")(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                                                  0644);
  }

  bool covers(const char* path) const {
    return to >= 0 && std::strncmp(path, root.c_str(), root.size()) == 0;
  }
  std::string path_of(int fd) {
    const std::lock_guard guard(mutex);
    const auto found = paths.find(fd);
    return found == paths.end() ? std::string() : found->second;
  }
  void note(Op op, const std::string& path, const std::string& other, std::int64_t begin,
            std::int64_t at, std::int64_t count, const void* data, std::size_t size) {
    std::string text(1, op);
    const auto add = [&text](const void* from, std::size_t n) {
      text.append(static_cast<const char*>(from), n);
    };
    for (const std::string* part : {&path, &other}) {
      const auto length = static_cast<std::uint32_t>(part->size());
      add(&length, sizeof length);
      text += *part;
    }
    const std::int64_t numbers[] = {begin, now(), at, count};
    add(numbers, sizeof numbers);
    if (size > 0) add(data, size);
    const std::lock_guard guard(mutex);
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t n = ::write(to, text.data() + done, text.size() - done);
      if (n <= 0) std::abort();
      done += static_cast<std::size_t>(n);
    }
  }
};

Recorder& recorder() {
  static auto* const kept = new Recorder;  // threads may write until the very end
  return *kept;
}

int opened(int fd, const char* path, bool fresh, std::int64_t begin) {
  Recorder& to = recorder();
  if (fd < 0 || !to.covers(path)) return fd;
  {
    const std::lock_guard guard(to.mutex);
    to.paths[fd] = path;
  }
  if (fresh) to.note(kMake, path, {}, begin, 0, 0, nullptr, 0);
  return fd;
}

int open_with(const char* name, const char* path, int flags, mode_t mode) {
  const std::int64_t begin = now();
  const bool fresh = (flags & O_CREAT) != 0 && ::access(path, F_OK) != 0;
  return opened(real<int(const char*, int, ...)>(name)(path, flags, mode), path, fresh, begin);
}

ssize_t write_with(const char* name, int fd, const void* from, std::size_t size, off_t at) {
  const std::int64_t begin = now();
  const ssize_t n = real<ssize_t(int, const void*, std::size_t, off_t)>(name)(fd, from, size, at);
  const int error = errno;
  if (const std::string path = recorder().path_of(fd); n > 0 && !path.empty()) {
    recorder().note(kWrite, path, {}, begin, at, n, from, static_cast<std::size_t>(n));
  }
  errno = error;
  return n;
}

int change(const char* name, Op op, int fd, std::int64_t size) {
  const std::int64_t begin = now();
  const int result =
      op == kResize ? real<int(int, off_t)>(name)(fd, size) : real<int(int)>(name)(fd);
  const int error = errno;
  if (const std::string path = recorder().path_of(fd); result == 0 && !path.empty()) {
    recorder().note(op, path, {}, begin, 0, size, nullptr, 0);
  }
  errno = error;
  return result;
}

/// Zeros, where a part of the file is cleared.
int clear_with(const char* name, int fd, int mode, off_t at, off_t size) {
  const std::int64_t begin = now();
  const int result = real<int(int, int, off_t, off_t)>(name)(fd, mode, at, size);
  const int error = errno;
  const std::string path = recorder().path_of(fd);
  if (result == 0 && !path.empty() && (mode & FALLOC_FL_PUNCH_HOLE) != 0) {
    const std::string zeros(static_cast<std::size_t>(size), '\0');
    recorder().note(kWrite, path, {}, begin, at, size, zeros.data(), zeros.size());
  }
  errno = error;
  return result;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_with("open", path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_with("open64", path, flags, mode);
}
int close(int fd) {
  {
    const std::lock_guard guard(recorder().mutex);
    recorder().paths.erase(fd);
  }
  return real<int(int)>("close")(fd);
}
ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
  return write_with("pwrite", fd, from, size, at);
}
ssize_t pwrite64(int fd, const void* from, size_t size, off64_t at) {
  return write_with("pwrite64", fd, from, size, at);
}
int ftruncate(int fd, off_t size) noexcept { return change("ftruncate", kResize, fd, size); }
int ftruncate64(int fd, off64_t size) noexcept { return change("ftruncate64", kResize, fd, size); }
int fallocate(int fd, int mode, off_t at, off_t size) {
  return clear_with("fallocate", fd, mode, at, size);
}
int fallocate64(int fd, int mode, off64_t at, off64_t size) {
  return clear_with("fallocate64", fd, mode, at, size);
}
int fsync(int fd) { return change("fsync", kSync, fd, 0); }
int fdatasync(int fd) { return change("fdatasync", kSync, fd, 0); }
int syncfs(int fd) noexcept { return change("syncfs", kSyncAll, fd, 0); }
int rename(const char* from, const char* to) noexcept {
  const std::int64_t begin = now();
  const int result = real<int(const char*, const char*)>("rename")(from, to);
  if (result == 0 && recorder().covers(from))
    recorder().note(kRename, from, to, begin, 0, 0, nullptr, 0);
  return result;
}
int unlink(const char* path) noexcept {
  const std::int64_t begin = now();
  const int result = real<int(const char*)>("unlink")(path);
  if (result == 0 && recorder().covers(path))
    recorder().note(kRemove, path, {}, begin, 0, 0, nullptr, 0);
  return result;
}
int unlinkat(int folder, const char* name, int flags) noexcept {
  const std::int64_t begin = now();
  std::string path = name;
  if (name[0] != '/') {
    char target[4096];
    const std::string link = "/proc/self/fd/" + std::to_string(folder);
    const ssize_t n = ::readlink(link.c_str(), target, sizeof target);
    path = n > 0 && folder != AT_FDCWD
               ? std::string(target, static_cast<std::size_t>(n)) + '/' + name
               : path;
  }
  const int result = real<int(int, const char*, int)>("unlinkat")(folder, name, flags);
  if (result == 0 && recorder().covers(path.c_str())) {
    recorder().note(kRemove, path, {}, begin, 0, 0, nullptr, 0);
  }
  return result;
}
int remove(const char* path) noexcept {
  const std::int64_t begin = now();
  const int result = real<int(const char*)>("remove")(path);
  if (result == 0 && recorder().covers(path))
    recorder().note(kRemove, path, {}, begin, 0, 0, nullptr, 0);
  return result;
}
}
