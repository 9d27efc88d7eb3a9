// How many threads a program takes by default: affinity, quotas of control groups, OMP_NUM_THREADS.
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <tempa/core/detail/processors.hpp>
#include <tempa/core/error.hpp>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#if defined(__linux__)
#include <sched.h>
#endif

namespace processors_test {

using namespace tempa;

namespace {

/// Files below a folder that stands for /.
struct Files {
  explicit Files(const std::map<std::string, std::string>& files) {
    for (const auto& [path, text] : files) root.write(path, text);
  }
  std::optional<double> quota() const { return detail::cpu_quota(root.path().string()); }
  TemporaryFolder root;
};

const std::string kMountV2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string kMountV1 =
    "31 23 0:27 / /sys/fs/cgroup/memory rw shared:10 - cgroup cgroup rw,memory\n"
    "32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 - cgroup cgroup rw,cpu,cpuacct\n";

}  // namespace

TEST_CASE("The CPU quota is that of the control group and of those that it lies in, the least of them", "[core]") {
  CHECK(Files({{"proc/self/cgroup", "0::/user/job\n"},
               {"proc/self/mountinfo", kMountV2},
               {"sys/fs/cgroup/user/job/cpu.max", "150000 100000\n"},
               {"sys/fs/cgroup/user/cpu.max", "max 100000\n"}})
            .quota() == 1.5);
  CHECK(Files({{"proc/self/cgroup", "0::/user/job\n"},
               {"proc/self/mountinfo", kMountV2},
               {"sys/fs/cgroup/user/job/cpu.max", "max 100000\n"},
               {"sys/fs/cgroup/user/cpu.max", "50000 100000\n"}})
            .quota() == 0.5);
  CHECK_FALSE(Files({{"proc/self/cgroup", "0::/user/job\n"},
                     {"proc/self/mountinfo", kMountV2},
                     {"sys/fs/cgroup/user/job/cpu.max", "max 100000\n"}})
                  .quota());
}

TEST_CASE("The CPU quota of a container is found where the container sees it", "[core]") {
  CHECK(Files({{"proc/self/cgroup", "0::/\n"},  // a namespace of its own
               {"proc/self/mountinfo", kMountV2},
               {"sys/fs/cgroup/cpu.max", "200000 100000\n"}})
            .quota() == 2.0);
  CHECK(Files({{"proc/self/cgroup", "4:memory:/docker/a1\n3:cpu,cpuacct:/docker/a1\n"},  // the host's path
               {"proc/self/mountinfo",
                "32 23 0:28 /docker/a1 /sys/fs/cgroup/cpu,cpuacct ro shared:11 - cgroup cgroup rw,cpu,cpuacct\n"},
               {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n"},
               {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"}})
            .quota() == 3.0);
  CHECK(Files({{"proc/self/cgroup", "0::/../../kubepods/x\n"},  // a path from outside: the mount's own group counts
               {"proc/self/mountinfo", kMountV2},
               {"sys/fs/cgroup/cpu.max", "100000 100000\n"}})
            .quota() == 1.0);
}

TEST_CASE("The CPU quota of version 1 is that of the controller cpu, and -1 is none", "[core]") {
  const std::map<std::string, std::string> files = {{"proc/self/cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n0::/\n"},
                                                    {"proc/self/mountinfo", kMountV1},
                                                    {"sys/fs/cgroup/memory/job/cpu.cfs_quota_us", "1\n"},
                                                    {"sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n"}};
  auto with = files, without = files;
  with["sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us"] = "250000\n";
  without["sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us"] = "-1\n";
  CHECK(Files(with).quota() == 2.5);
  CHECK_FALSE(Files(without).quota());
}

TEST_CASE("Files of control groups that are missing, empty or broken are no quota", "[core]") {
  CHECK_FALSE(Files({}).quota());
  CHECK_FALSE(Files({{"proc/self/cgroup", ""}, {"proc/self/mountinfo", ""}}).quota());
  for (const std::string text : {"", "max", "100000", "0 0", "-5 100000", "1e999 x", "\n\n"})
    CHECK_FALSE(Files({{"proc/self/cgroup", "0::/a\nno colons\n1:2\n::\n"},
                       {"proc/self/mountinfo", "short\n - \n" + kMountV2},
                       {"sys/fs/cgroup/a/cpu.max", text}})
                    .quota());
}

TEST_CASE("OMP_NUM_THREADS, then affinity, says how many threads there are by default, and the choice says why",
          "[core]") {
  const char* const before = std::getenv("OMP_NUM_THREADS");
  const std::string kept = before != nullptr ? before : "";
  setenv("OMP_NUM_THREADS", "3,2", 1);
  CHECK(default_num_threads().count == 3);
  CHECK(default_num_threads().reason == "OMP_NUM_THREADS");
  setenv("OMP_NUM_THREADS", "none", 1);
  const ThreadChoice all = default_num_threads();
  CHECK(all.count >= 1);
  CHECK(all.count <= detail::processors_online());
#if defined(__linux__)
  cpu_set_t allowed, one;
  REQUIRE(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  CPU_ZERO(&one);
  for (std::size_t cpu = 0; CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(default_num_threads().count == 1);
  if (detail::processors_online() > 1 && !detail::cpu_quota())
    CHECK(default_num_threads().reason == concat("the affinity to 1 of ", detail::processors_online(), " processors"));
  sched_setaffinity(0, sizeof allowed, &allowed);
#endif
  if (before != nullptr) {
    setenv("OMP_NUM_THREADS", kept.c_str(), 1);
  } else {
    unsetenv("OMP_NUM_THREADS");
  }
}

}  // namespace processors_test
