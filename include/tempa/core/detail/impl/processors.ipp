// The bodies of <tempa/core/detail/processors.hpp>.
#pragma once

#include <tempa/core/detail/processors.hpp>
#include <tempa/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#include <unistd.h>
#endif

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// The processors that this thread's affinity allows; all processors where the system does not say.
inline int processors_of_affinity() {
#if defined(__linux__)
  for (int size = 1024; size <= 1024 * 1024; size *= 4) {  // the system refuses a set that is too small for it
    cpu_set_t* const set = CPU_ALLOC(static_cast<std::size_t>(size));
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// The content of a file, "" where it cannot be read. (By C's functions: nearly all headers include this one.)
inline std::string text_of_file(const std::string& path) {
  std::string text;
  if (std::FILE* const file = std::fopen(path.c_str(), "r")) {
    char part[4096];
    for (std::size_t size; (size = std::fread(part, 1, sizeof part, file)) > 0;) text.append(part, size);
    std::fclose(file);
  }
  return text;
}

/// Calls `f` with each line of `text`.
template <typename F>
void for_each_line(std::string_view text, const F& f) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.size(), text.find('\n'));
    f(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
}

TEMPA_INLINE std::string_view word(std::string_view line, int index) {
  for (;; --index) {
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
    const std::size_t end = std::min(line.size(), line.find(' '));
    if (index == 0 || line.empty()) return line.substr(0, end);
    line.remove_prefix(end);
  }
}

TEMPA_INLINE bool lists(std::string_view list, std::string_view name) {
  return concat(",", list, ",").find(concat(",", name, ",")) != std::string::npos;
}

/// The quota of a control group's folder, in processors: cpu.max of version 2, else cpu.cfs_quota_us of version 1.
inline std::optional<double> quota_of_folder(const std::string& folder) {
  double quota = 0, period = 0;  // "max" and -1 mean no quota
  if (std::sscanf(text_of_file(folder + "/cpu.max").c_str(), "%lf %lf", &quota, &period) != 2) {
    quota = std::atof(text_of_file(folder + "/cpu.cfs_quota_us").c_str());
    period = std::atof(text_of_file(folder + "/cpu.cfs_period_us").c_str());
  }
  return quota > 0 && period > 0 ? std::optional(quota / period) : std::nullopt;
}

/// The place of a hierarchy of control groups: the folder in which `root`, one of its groups, is mounted.
struct GroupMount {
  std::string root, folder;
};

/// The mount of version 2 or, for version 1, of the controller `cpu`. @param files is put before all paths.
inline std::optional<GroupMount> group_mount(const std::string& files, bool version_2) {
  std::optional<GroupMount> mount;
  for_each_line(text_of_file(files + "/proc/self/mountinfo"), [&](std::string_view line) {
    // 36 35 98:0 ROOT FOLDER options [optional fields] - TYPE source OPTIONS
    const std::string_view after = line.substr(std::min(line.size(), line.find(" - ")));
    const std::string_view type = word(after, 1);
    if (!mount && (version_2 ? type == "cgroup2" : type == "cgroup" && lists(word(after, 3), "cpu")))
      mount = GroupMount{std::string(word(line, 3)), std::string(word(line, 4))};
  });
  return mount;
}

TEMPA_INLINE std::optional<double> cpu_quota(const std::string& files) {
  std::optional<double> least;
  for_each_line(text_of_file(files + "/proc/self/cgroup"), [&](std::string_view line) {
    // number:controllers:group; version 2 names no controllers
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) return;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && !lists(controllers, "cpu")) return;
    const auto mount = group_mount(files, controllers.empty());
    if (!mount) return;
    // In a container the mount shows only the groups below its root, with which the group's path may begin.
    std::string group(line.substr(second + 1));
    if (mount->root != "/" && group.starts_with(mount->root)) group.erase(0, mount->root.size());
    for (;; group.erase(group.rfind('/'))) {
      while (group.ends_with('/')) group.pop_back();
      if (const auto quota = quota_of_folder(concat(files, mount->folder, group)))
        least = std::min(*quota, least.value_or(*quota));
      if (group.find('/') == group.npos) break;
    }
  });
  return least;
}

TEMPA_INLINE int processors_online() {
#if defined(__linux__)
  if (const long count = sysconf(_SC_NPROCESSORS_ONLN); count > 0) return static_cast<int>(count);
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// The positive number with which an environment variable begins, as in "4" and "4,2".
inline std::optional<int> thread_variable(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const int count = std::atoi(text);
  return count > 0 ? std::optional(count) : std::nullopt;
}

}  // namespace detail

TEMPA_INLINE ThreadChoice default_num_threads() {
  if (const auto count = detail::thread_variable("OMP_NUM_THREADS")) return {*count, "OMP_NUM_THREADS"};
  const int there = detail::processors_online(), allowed = detail::processors_of_affinity();
  if (const auto quota = detail::cpu_quota(); quota && *quota < allowed) {
    const double rounded = std::round(*quota * 100) / 100;
    return {std::max(1, static_cast<int>(std::ceil(*quota))),
            concat("the CPU quota of ", rounded, rounded == 1 ? " processor" : " processors")};
  }
  if (allowed < there) return {allowed, concat("the affinity to ", allowed, " of ", there, " processors")};
  return {allowed, allowed == 1 ? std::string("the only processor") : concat("all of ", allowed, " processors")};
}

}  // namespace tempa::inline TEMPA_ABI
