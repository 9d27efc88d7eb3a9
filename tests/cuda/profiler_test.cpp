#include <tempa/ops/gelu.hpp>
#include <tempa/ops/linear.hpp>
#include <tempa/profile/profiler.hpp>

#include "support/catch.hpp"

#include <map>
#include <string>

namespace profiler_test {

using namespace tempa;

TEST_CASE("CUDA: a profiler sees the operations, whether they wait or not", "[cuda]") {
  const Device device = Device::cuda();
  const auto variable = [&](const Shape& shape) {
    return Variable<float>(Tensor<float>::full(shape, 0.5f, device), true);
  };
  for (const bool synchronize : {false, true}) {
    Profiler profiler({.log = nullptr, .device = device, .synchronize = synchronize});
    CHECK(detail::profile_waits() == synchronize);
    const auto y = gelu(linear(variable({5, 7}), variable({3, 7})));
    y.backward(Tensor<float>::full(y.shape(), 1.0f, device));
    std::map<std::string, ProfileRow> rows;
    for (const ProfileRow& row : profiler.rows()) rows[row.name] = row;
    CHECK_FALSE(detail::profile_waits());
    CHECK(rows["linear"].flops == 2 * 5 * 7 * 3);
    CHECK(rows["linear backward"].flops == 2 * 2 * 5 * 7 * 3);
    CHECK(rows["gelu"].bytes == 2 * 15 * 4);
    CHECK(rows["gelu backward"].calls == 1);
  }
}

}  // namespace profiler_test
