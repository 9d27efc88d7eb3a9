#include <tempa/core/parallel.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <vector>

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

}  // namespace parallel_test
