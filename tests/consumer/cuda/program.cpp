// A user's program with a kernel of its own. Without a GPU it checks that the kernels are linked and that what asks for
// a device is told why there is none.
#include "twice.hpp"

#include <tempa/tempa.hpp>

#include <iostream>
#include <vector>

namespace {

bool computes(tempa::Device device) {
  const auto x = tempa::Tensor<float>::from(std::vector<float>{1, -2, 3}, {3}).to(device);
  tempa::Tensor<float> y(x.shape(), device);
  twice(tempa::cuda::current_backend(device.index()), y.data(), x.data(), x.numel());
  const tempa::Variable<float> variable(y, true);
  const auto loss = tempa::sum(variable * variable);
  loss.backward();
  return loss.item() == 56.0f && variable.grad().to_vector() == std::vector<float>{4, -8, 12};
}

bool says_why() {
  try {
    tempa::Tensor<float>({3}, tempa::Device::cuda());
  } catch (const tempa::DeviceError& error) {
    std::cerr << error.what() << '\n';
    return true;
  }
  return false;
}

}  // namespace

int main() {
  const bool passed = tempa::cuda::device_count() > 0 ? computes(tempa::Device::cuda()) : says_why();
  std::cout << (passed ? "right\n" : "wrong\n");
  return passed ? 0 : 1;
}
