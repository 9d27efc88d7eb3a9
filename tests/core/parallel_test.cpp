#include <tempa/core/error.hpp>
#include <tempa/core/parallel.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace parallel_test {

using namespace tempa;

TEST_CASE("parallel_for: every index once, for any number of threads", "[core]") {
  const int before = num_threads();
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    for (const Index count : {0, 1, 7, 1000}) {
      std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
      parallel_for(0, count, 1, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
      });
      for (const auto& times : seen) CHECK(times == 1);
    }
  }
  set_num_threads(before);
}

TEST_CASE("parallel_for: the grain keeps small loops in one piece", "[core]") {
  std::atomic<int> pieces{0};
  parallel_for(0, 100, 100, [&](Index, Index) { ++pieces; });
  CHECK(pieces == 1);
}

TEST_CASE("parallel_for: a nested loop and an exception reach the caller", "[core]") {
  std::atomic<Index> sum{0};
  parallel_for(0, 4, 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) parallel_for(0, 10, 1, [&](Index b, Index e) { sum += e - b; });
  });
  CHECK(sum == 40);
  CHECK_THROWS_AS(parallel_for(0, 100, 1, [](Index, Index) { throw ValueError("from a thread"); }), ValueError);
  CHECK_THROWS_AS(set_num_threads(0), ConfigError);
}

TEST_CASE("parallel_for: loops of several threads at once are all right, and so are loops of each after the other",
          "[core]") {
  const int before = num_threads();
  set_num_threads(4);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller)
    callers.emplace_back([&wrong] {
      for (int repeat = 0; repeat < 500; ++repeat) {
        std::vector<Index> values(static_cast<std::size_t>(1 + repeat % 9), -1);
        parallel_for(0, static_cast<Index>(values.size()), 1, [&](Index begin, Index end) {
          for (Index i = begin; i < end; ++i) values[static_cast<std::size_t>(i)] = i;
        });
        for (std::size_t i = 0; i < values.size(); ++i) wrong += values[i] != static_cast<Index>(i) ? 1 : 0;
      }
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
  set_num_threads(before);
}

TEST_CASE("parallel_for: a thread whose loops are to stay in it has them to itself", "[core]") {
  const int before = num_threads();
  set_num_threads(4);
  const auto here = std::this_thread::get_id();
  const detail::LoopsStayInThisThread stay;
  parallel_for(0, 100, 1, [&](Index begin, Index end) {
    CHECK(begin == 0);
    CHECK(end == 100);
    CHECK(std::this_thread::get_id() == here);
  });
  set_num_threads(before);
}

#if defined(__linux__)
TEST_CASE("parallel_for: a forked process, which has none of the threads, computes and ends", "[core]") {
  const int before = num_threads();
  set_num_threads(3);
  const auto sum_of = [](Index count) {
    std::atomic<Index> sum{0};
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) sum += i;
    });
    return sum.load();
  };
  CHECK(sum_of(100) == 4950);  // the threads have started
  const pid_t child = fork();
  if (child == 0) _exit(sum_of(10) == 45 ? 0 : 1);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  set_num_threads(before);
}
#endif

}  // namespace parallel_test
