#include <tempa/data/detail/prefetcher.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace prefetcher_test {

using namespace tempa;

TEST_CASE("Prefetcher: items come in order for any number of workers and any capacity", "[data]") {
  for (const Index workers : {0, 1, 2, 5}) {
    for (const Index capacity : {1, 3, 100}) {
      Prefetcher<std::unique_ptr<Index>> items(
          3, 40,
          [](Index i) {
            if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
            return std::make_unique<Index>(i * i);
          },
          workers, capacity);
      for (Index i = 3; i < 40; ++i) {
        const auto item = items.next();
        REQUIRE(item.has_value());
        CHECK(**item == i * i);
      }
      CHECK_FALSE(items.next().has_value());
      CHECK_FALSE(items.next().has_value());
    }
  }
}

TEST_CASE("Prefetcher never makes more than its capacity ahead", "[data]") {
  std::atomic<Index> made{0};
  Prefetcher<Index> items(
      0, 100, [&](Index i) { return ++made, i; }, 3, 4);
  for (Index taken = 0; taken < 100; ++taken) {
    CHECK(made <= taken + 4);
    REQUIRE(items.next() == taken);
  }
}

TEST_CASE("Prefetcher: an exception comes where its item would have, and is the end", "[data]") {
  for (const Index workers : {0, 1, 4}) {
    Prefetcher<Index> items(
        0, 20,
        [](Index i) {
          if (i == 5) throw std::out_of_range("five");
          return i;
        },
        workers, 8);
    for (Index i = 0; i < 5; ++i) CHECK(items.next() == i);
    CHECK_THROWS_AS(items.next(), std::out_of_range);
    CHECK_FALSE(items.next().has_value());
  }
}

TEST_CASE("Prefetcher may be dropped at any time", "[data]") {
  for (const Index workers : {0, 1, 4}) {
    for (const Index taken : {0, 1, 7}) {
      Prefetcher<std::vector<int>> items(
          0, 1000,
          [](Index i) {
            std::this_thread::sleep_for(std::chrono::microseconds(50));
            return std::vector<int>(10, static_cast<int>(i));
          },
          workers, 6);
      for (Index i = 0; i < taken; ++i) REQUIRE(items.next().has_value());
    }
  }
}

TEST_CASE("Prefetcher: an empty range gives nothing, and impossible sizes are a ConfigError", "[data]") {
  const auto make = [](Index i) { return i; };
  Prefetcher<Index> none(5, 5, make, 2, 1), backwards(5, 3, make, 2, 1);
  CHECK_FALSE(none.next().has_value());
  CHECK_FALSE(backwards.next().has_value());
  CHECK_THROWS_AS(Prefetcher<Index>(0, 1, make, -1, 1), ConfigError);
  CHECK_THROWS_AS(Prefetcher<Index>(0, 1, make, 1, 0), ConfigError);
}

}  // namespace prefetcher_test
