// A user's own operation, RMSNorm: its contract and its backward pass here, its loops in
// rms_norm_cpu.hpp, its CUDA kernels in rms_norm.cu. The program checks its gradients, compares it with operations of
// the library and the two devices with each other, and trains with it.
#include "rms_norm_cpu.hpp"
#include "rms_norm_cuda.hpp"

#include <tempa/tempa.hpp>

#include <cstdio>

using namespace tempa;

/// y = x / sqrt(mean(x^2) + eps) gamma for every row. @param x (N,C). @param gamma (C). @return y (N,C)
/// @source Zhang and Sennrich 2019, "Root Mean Square Layer Normalization"
template <Real T>
Variable<T> rms_norm(const Variable<T>& x, const Variable<T>& gamma, double eps = 1e-6) {
  const Index rows = x.shape().flatten_to_2d().first, cols = x.size(-1);
  check_shape("rms_norm", "gamma", gamma.shape(), {cols});
  Tensor<T> y(x.shape(), x.device()), rstd(Shape{rows}, x.device());  // (N,C), (N)
  on(x.device(), [&](auto backend) {
    rms_norm_forward(backend, y.data(), rstd.data(), x.value().data(), gamma.value().data(), rows, cols,
                     static_cast<T>(eps));
  });
  return record("rms_norm", std::move(y), {x, gamma}, [=](const Tensor<T>& dy) {
    Tensor<T> dx(x.shape(), x.device());  // (N,C)
    on(x.device(), [&](auto backend) {
      rms_norm_backward(backend, dx.data(), gamma.requires_grad() ? gamma.mutable_grad().data() : nullptr, dy.data(),
                        x.value().data(), gamma.value().data(), rstd.data(), rows, cols);
    });
    if (x.requires_grad()) x.accumulate_grad(std::move(dx));
  });
}

/// dx of sum(y), computed on `device`.
Variable<double> dx_on(Device device, const Variable<double>& x, const Variable<double>& gamma) {
  const Variable<double> in(x.value().to(device), true), scale(gamma.value().to(device), true);
  sum(rms_norm(in, scale)).backward();
  return Variable<double>(in.grad().to(Device::cpu()));
}

int main() {
  bool good = true;
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 5}, Shape{2, 4, 31}}) {  // any size, any number of dimensions
    const auto x = normal_parameter<double>(shape, 1.0), gamma = normal_parameter<double>({shape[-1]}, 1.0);
    const auto check = gradcheck([](const auto& in) { return rms_norm(in[0], in[1]); }, {x, gamma});
    const auto own = rms_norm(x, gamma);
    const auto same = x / sqrt(mean(square(x), -1, true) + 1e-6) * gamma;  // the same of library operations
    const double difference = max(abs(own - same)).item();
    std::printf("gradcheck %-8s worst %.1e; against library operations %.1e\n", shape.to_string().c_str(), check.worst,
                difference);
    // The mean of C squares has at most C roundings in either order, and each side less than 8 others.
    const double bound = static_cast<double>(shape[-1] + 8) * 0x1p-52 * max(abs(same)).item();
    good = good && check && difference <= bound;
    // A CUDA device adds in another order, with as many roundings.
    const auto host = dx_on(Device::cpu(), x, gamma), best = dx_on(Device::best(), x, gamma);
    good = good && max(abs(host - best)).item() <= 4 * bound * max(abs(gamma / x)).item();
  }

  // A layer of it learns to scale: gamma goes to (0.5, 1, 1.5, 2).
  const auto target = Variable<float>(Tensor<float>::from({0.5F, 1.0F, 1.5F, 2.0F}));
  const auto gamma = constant_parameter<float>({4}, 1.0);
  Linear<float> linear(4, 4);
  set_requires_grad(linear, false);  // frozen: it keeps its weights
  // Groups by hand: the scale learns faster, and without weight decay.
  SGD optimizer({{linear.parameters(), {.lr = 0.1, .weight_decay = 0.01}}, {{gamma}, {.lr = 0.5}}});
  double loss = 0;
  for (int step = 0; step < 200; ++step) {
    const auto x = linear(Variable<float>(normal_parameter<float>({32, 4}, 1.0).value()));
    const auto error = mean(square(rms_norm(x, gamma) - rms_norm(x, target)));
    loss = static_cast<double>(error.item());
    error.backward();
    optimizer.step();
  }
  std::printf("loss after 200 steps: %.2e\n", loss);
  good = good && loss < 1e-6;
  std::puts(good ? "rms_norm: all checks hold" : "rms_norm: a check FAILED");
  return good ? 0 : 1;
}
