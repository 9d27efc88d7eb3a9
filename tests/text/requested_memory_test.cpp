// Counts all memory that the tests of this floor ask for: see support/requested_memory.hpp.
#include "support/catch.hpp"
#include "support/counting_new.hpp"

#include <vector>

namespace requested_memory_test {

TEST_CASE("Requested memory: what a vector asks for is counted", "[text]") {
  const std::size_t before = requested_bytes;
  const std::vector<int> numbers(1000);
  CHECK(requested_bytes - before >= numbers.size() * sizeof(int));
}

}  // namespace requested_memory_test
