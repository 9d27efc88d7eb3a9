// How many processors this process may use, by its affinity and by the CPU quota of its control group, which containers
// set.
#pragma once

#include <tempa/core/config.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// A number of threads, and where it comes from.
struct ThreadChoice {
  int count = 1;
  std::string reason;  ///< such as "all of 8 processors", "OMP_NUM_THREADS", or "the CPU quota of 1.5 processors"
};

namespace detail {

/// Word `index` of `line`, from 0; "" where there are fewer.
std::string_view word(std::string_view line, int index);

/// Whether `name` is in the comma-separated `list`.
bool lists(std::string_view list, std::string_view name);

/// The smallest quota of this process's control groups and their parents, in processors; nothing if there is none.
/// @param files is put before the paths of all files that are read, for tests.
std::optional<double> cpu_quota(const std::string& files = "");

/// The number of processors that the system reports.
int processors_online();

}  // namespace detail

/// The number of threads for a program that does not choose one: OMP_NUM_THREADS where it is set, as for other
/// libraries, else as many as this process has processors by its affinity and by the CPU quota of its control group
/// (version 1 and 2; a quota of 1.5 processors keeps 2 threads busy, in turns).
ThreadChoice default_num_threads();

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/core/detail/impl/processors.ipp>
#endif
