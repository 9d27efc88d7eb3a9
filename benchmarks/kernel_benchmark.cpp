// The kernels by themselves, on the CPU or a CUDA device, at BERT's sizes or any other: milliseconds (median), TFLOP/s
// or GB/s, and the part of the machine's peak, which is measured in the same run: a copy of 256 MiB for bytes, a square
// product for operations. Values are N(0,1): zeros would run faster. One Markdown table.
//   kernel_benchmark --kernel gemm --dtype bf16 --device cuda --tokens 1280
#include <tempa/autograd/no_grad.hpp>
#include <tempa/core/random.hpp>
#include <tempa/cpu/attention.hpp>
#include <tempa/cpu/cross_entropy.hpp>
#include <tempa/cpu/elementwise.hpp>
#include <tempa/cpu/gemm/gemm.hpp>
#include <tempa/cpu/layer_norm.hpp>
#include <tempa/cpu/layer_norm_fused.hpp>
#include <tempa/cpu/optimizer.hpp>
#include <tempa/cpu/softmax.hpp>
#include <tempa/math/gelu.hpp>
#include <tempa/ops/attention.hpp>
#include <tempa/ops/bce_with_logits.hpp>
#include <tempa/ops/cross_entropy.hpp>
#include <tempa/ops/dropout_add_layer_norm.hpp>
#include <tempa/ops/embeddings_layer_norm.hpp>
#include <tempa/ops/gelu.hpp>
#include <tempa/ops/layer_norm.hpp>
#include <tempa/ops/linear.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/ops/softmax.hpp>
#include <tempa/optim/adamw.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

using namespace tempa;

namespace {

const std::vector<std::string> kKernels{
    "gemm",       "attention",     "softmax", "layer_norm", "gelu", "dropout_add_layer_norm",
    "embeddings", "cross_entropy", "bce",     "adamw"};

struct Options {
  std::vector<std::string> kernels = kKernels;
  std::string dtype = "fp32", device = "auto";
  Index tokens = 1280, hidden = 768, heads = 12, batch = 32, seqlen = 0, vocabulary = 30522, m = 0, n = 0, k = 0;
  double seconds = 0.5;
  int threads = 0;
};

void wait_for([[maybe_unused]] Device device) {
#if defined(TEMPA_WITH_CUDA)
  if (device.is_cuda()) cuda::synchronize(cuda::current_backend(device.index()));
#endif
}

template <Floating T>
Tensor<T> normal(Shape shape, Device device) {
  Generator generator(1);
  Tensor<float> values(shape);
  for (float& value : values.span()) value = static_cast<float>(generator.normal());
  return values.cast<T>().to(device);
}

/// (n) numbers in [0,bound).
Tensor<std::int32_t> random_ids(Index n, Index bound, Device device) {
  Generator generator(1);
  Tensor<std::int32_t> ids({n});
  for (auto& id : ids.span()) id = static_cast<std::int32_t>(generator.below(bound));
  return ids.to(device);
}

/// Runs and prints.
class Bench {
 public:
  Bench(const Options& options, Device device) : options_(options), device_(device) {}

  /// Median milliseconds of a call, of batches of calls that take about a twentieth of the time each.
  double milliseconds(const std::function<void()>& call) const {
    using Clock = std::chrono::steady_clock;
    const auto timed = [&](int calls) {
      const auto begin = Clock::now();
      for (int i = 0; i < calls; ++i) call();
      wait_for(device_);
      return std::chrono::duration<double>(Clock::now() - begin).count();
    };
    timed(1);  // the first call allocates and compiles
    const int calls = std::clamp(static_cast<int>(options_.seconds / 20 / timed(1)), 1, 100000);
    std::vector<double> times;
    double sum = 0;
    while (times.size() < 5 || (sum < options_.seconds && times.size() < 1000)) {
      times.push_back(timed(calls) / calls);
      sum += times.back() * calls;
    }
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    return 1e3 * times[times.size() / 2];
  }

  /// @param flops, bytes of one call; the rate is of the one that is given.
  void row(const std::string& name, const std::string& sizes, double flops, double bytes,
           const std::function<void()>& call) const {
    const double ms = milliseconds(call);
    const double amount = flops > 0 ? flops : bytes, peak = flops > 0 ? peak_flops_ : peak_bytes_;
    const double rate = amount / (1e-3 * ms);
    std::printf("| %s | %s | %s | %.4f | %.3f %s | %.0f %% |\n", name.c_str(), sizes.c_str(), options_.dtype.c_str(),
                ms, rate / (flops > 0 ? 1e12 : 1e9), flops > 0 ? "TFLOP/s" : "GB/s", 100 * rate / peak);
    std::fflush(stdout);
  }

  template <Floating T>
  void run() {
    measure_peaks<T>();
    std::printf("| kernel | sizes | type | ms | rate | of the peak |\n|---|---|---|---|---|---|\n");
    for (const std::string& kernel : options_.kernels) {
      if (kernel == "gemm") gemm_rows<T>();
      if (kernel == "attention") attention_rows<T>();
      if (kernel == "softmax") softmax_rows<T>();
      if (kernel == "layer_norm") layer_norm_rows<T>();
      if (kernel == "gelu") gelu_rows<T>();
      if (kernel == "dropout_add_layer_norm") dropout_add_layer_norm_rows<T>();
      if (kernel == "embeddings") embeddings_rows<T>();
      if (kernel == "cross_entropy") cross_entropy_rows<T>();
      if (kernel == "bce") bce_rows<T>();
      if (kernel == "adamw") adamw_rows<T>();
    }
  }

 private:
  template <Floating T>
  void measure_peaks() {
    const Tensor<float> from = normal<float>({Index{1} << 26}, device_);
    Tensor<float> to(from.shape(), device_);
    peak_bytes_ = 2.0 * static_cast<double>(from.nbytes()) / (1e-3 * milliseconds([&] { to.copy_from(from); }));
    const Index n = device_.is_cuda() ? 8192 : 2048;
    peak_flops_ = product_rate<T>(n);
    std::printf("%s, %s: peak %.0f GB/s (copy), %.3f TFLOP/s (product of %lld x %lld)\n\n", device_.to_string().c_str(),
                options_.dtype.c_str(), peak_bytes_ / 1e9, peak_flops_ / 1e12, static_cast<long long>(n),
                static_cast<long long>(n));
  }

  template <Floating T>
  double product_rate(Index n) const {
    const auto a = normal<T>({n, n}, device_), b = normal<T>({n, n}, device_);
    Tensor<T> c({n, n}, device_);
    return 2.0 * static_cast<double>(n * n * n) /
           (1e-3 * milliseconds([&] { product(Transpose::kNo, Transpose::kYes, n, n, n, a, b, c); }));
  }

  template <Floating T>
  void product(Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const Tensor<T>& a, const Tensor<T>& b,
               Tensor<T>& c) const {
    using A = Accumulator<T>;
    on(device_, [&](auto backend) {
      gemm(backend, trans_a, trans_b, m, n, k, A(1), a.data(), trans_a == Transpose::kYes ? m : k, b.data(),
           trans_b == Transpose::kYes ? k : n, A(0), c.data(), n);
    });
  }

  template <Floating T>
  void gemm_row(const std::string& name, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k) const {
    const auto a = normal<T>({m * k}, device_), b = normal<T>({k * n}, device_);
    Tensor<T> c({m, n}, device_);
    row("gemm " + name, concat(m, "x", n, "x", k), 2.0 * static_cast<double>(m * n * k), 0,
        [&] { product(trans_a, trans_b, m, n, k, a, b, c); });
  }

  /// A layer's four products, with the gradients of their inputs (y W) and weights (dy^T x); or the one that was asked
  /// for.
  template <Floating T>
  void gemm_rows() const {
    using enum Transpose;
    if (options_.m > 0) return gemm_row<T>("x W^T", kNo, kYes, options_.m, options_.n, options_.k);
    const Index tokens = options_.tokens, c = options_.hidden;
    struct Linear {
      const char* name;
      Index out, in;
    };
    for (const auto& [name, out, in] :
         {Linear{"qkv", 3 * c, c}, Linear{"output", c, c}, Linear{"up", 4 * c, c}, Linear{"down", c, 4 * c}}) {
      gemm_row<T>(concat(name, " forward"), kNo, kYes, tokens, out, in);
      gemm_row<T>(concat(name, " dx"), kNo, kNo, tokens, in, out);
      gemm_row<T>(concat(name, " dW"), kYes, kNo, out, in, tokens);
    }
  }

  /// Sequences of one length, or of SmSA's: 41 tokens on average, the longest 140.
  std::vector<Index> lengths() const {
    if (options_.seqlen > 0) return std::vector<Index>(static_cast<std::size_t>(options_.batch), options_.seqlen);
    constexpr Index kSmsa[] = {7, 11, 15, 18, 22, 25, 28, 31, 33, 35, 38, 42, 47, 54, 66, 95, 140};
    std::vector<Index> result;
    for (Index b = 0; b < options_.batch; ++b) result.push_back(kSmsa[(7 * b) % 17]);
    return result;
  }

  /// " (cuDNN)" for the passes, forward and backward, that cuDNN computes.
  template <Floating T>
  std::array<const char*, 2> attention_by([[maybe_unused]] Index longest) const {
    std::array<const char*, 2> by{"", ""};
#if defined(TEMPA_WITH_CUDA)
    if (!device_.is_cuda() || cuda::attention_choice() != cuda::AttentionChoice::kCudnn) return by;
    const auto passes = cuda::cudnn_passes<T>(cuda::current_backend(device_.index()), options_.batch, longest, longest,
                                              options_.heads, options_.hidden / options_.heads);
    if (passes.forward) by[0] = " (cuDNN)";
    if (passes.backward) by[1] = " (cuDNN)";
#endif
    return by;
  }

  template <Floating T>
  void attention_rows() const {
    std::vector<std::int32_t> bounds{0};
    Index longest = 0;
    double pairs = 0;
    for (const Index length : lengths()) {
      bounds.push_back(bounds.back() + static_cast<std::int32_t>(length));
      longest = std::max(longest, length);
      pairs += static_cast<double>(length * length);
    }
    const Index n = bounds.back(), c = options_.hidden;
    const auto cu = Tensor<std::int32_t>::from(bounds).to(device_);
    const Variable<T> q(normal<T>({n, c}, device_), true), k(normal<T>({n, c}, device_), true),
        v(normal<T>({n, c}, device_), true);
    const auto call = [&] {
      return attention(q, k, v, cu, cu, options_.heads, {.max_seqlen_q = longest, .max_seqlen_k = longest});
    };
    const std::string sizes = concat(options_.batch, " sequences, ", n, " tokens, longest ", longest, ", ",
                                     options_.heads, " heads of ", c / options_.heads);
    const double flops = 4 * pairs * static_cast<double>(c);
    const auto [forward_by, backward_by] = attention_by<T>(longest);
    row(concat("attention forward", forward_by), sizes, flops, 0, [&] {
      const NoGrad guard;
      call();
    });
    const auto y = call();
    const auto dy = normal<T>({n, c}, device_);
    row(concat("attention backward", backward_by), sizes, 2.5 * flops, 0,
        [&] { y.backward(dy, {.retain_graph = true}); });
  }

  template <Floating T>
  void softmax_rows() const {
    const Index rows = options_.tokens * options_.heads, columns = 128;
    const auto x = normal<T>({rows, columns}, device_);
    Tensor<T> y(x.shape(), device_);
    row("softmax forward", concat(rows, "x", columns), 0, 2.0 * static_cast<double>(x.nbytes()), [&] {
      on(device_, [&](auto backend) { softmax_forward(backend, y.data(), x.data(), rows, columns, Index{1}); });
    });
  }

  template <Floating T>
  void layer_norm_rows() const {
    using A = Accumulator<T>;
    const Index rows = options_.tokens, c = options_.hidden;
    const auto x = normal<T>({rows, c}, device_), gamma = normal<T>({c}, device_), dy = normal<T>({rows, c}, device_);
    Tensor<T> y(x.shape(), device_), dgamma({c}, device_), dbeta({c}, device_);
    Tensor<A> mean({rows}, device_), rstd({rows}, device_);
    const double bytes = static_cast<double>(x.nbytes());
    row("layer_norm forward", concat(rows, "x", c), 0, 2 * bytes, [&] {
      on(device_, [&](auto backend) {
        layer_norm_forward(backend, y.data(), mean.data(), rstd.data(), x.data(), gamma.data(), gamma.data(), rows, c,
                           A(1e-12));
      });
    });
    row("layer_norm backward", concat(rows, "x", c), 0, 3 * bytes, [&] {
      on(device_, [&](auto backend) {
        layer_norm_backward(backend, y.data(), dgamma.data(), dbeta.data(), dy.data(), x.data(), gamma.data(),
                            std::as_const(mean).data(), std::as_const(rstd).data(), rows, c);
      });
    });
  }

  template <Floating T>
  void gelu_rows() const {
    const Variable<T> x(normal<T>({options_.tokens, 4 * options_.hidden}, device_));
    row("gelu forward", concat(options_.tokens, "x", 4 * options_.hidden), 0,
        2.0 * static_cast<double>(x.value().nbytes()), [&] { gelu(x); });
  }

  /// The rows of an operation on the tape: forward as in a training step, with what it keeps, and backward.
  /// @param call returns the result. @param activations whose gradients are written, not added to.
  template <typename Call, Floating... Ts>
  void tape_rows(const std::string& name, const std::string& sizes, double forward_bytes, double backward_bytes,
                 const Call& call, const Variable<Ts>&... activations) const {
    row(name + " forward", sizes, 0, forward_bytes, [&] { call(); });
    const auto y = call();
    const auto dy = normal<typename std::decay_t<decltype(y)>::value_type>(y.shape(), device_);
    row(name + " backward", sizes, 0, backward_bytes, [&] {
      (activations.clear_grad(), ...);
      y.backward(dy, {.retain_graph = true});
    });
  }

  /// Moved are x, the residual, their sum that is kept and y; then dy, the sum and both gradients.
  template <Floating T>
  void dropout_add_layer_norm_rows() const {
    const Index c = options_.hidden;
    const Shape shape{options_.tokens, c};
    const Variable<T> x(normal<T>(shape, device_), true), residual(normal<T>(shape, device_), true),
        gamma(normal<T>({c}, device_), true), beta(normal<T>({c}, device_), true);
    const double bytes = 4.0 * static_cast<double>(x.value().nbytes());
    tape_rows(
        "dropout_add_layer_norm", concat(options_.tokens, "x", c), bytes, bytes,
        [&] { return dropout_add_layer_norm(x, residual, gamma, beta, {.eps = 1e-12, .drop_prob = 0.1}); }, x,
        residual);
  }

  /// BERT's three tables, with LayerNorm and dropout. Moved are a row of each table, their sum that is kept and y; then
  /// dy, the sum, its gradient and as many rows of three gradients.
  template <Floating T>
  void embeddings_rows() const {
    const Index n = options_.tokens, c = options_.hidden;
    const auto lookup = [&](Index rows) {
      return EmbeddingLookup<T>{Variable<T>(normal<T>({rows, c}, device_), true), random_ids(n, rows, device_)};
    };
    const auto word = lookup(options_.vocabulary), type = lookup(2), position = lookup(512);
    const Variable<T> gamma(normal<T>({c}, device_), true), beta(normal<T>({c}, device_), true);
    const double bytes = static_cast<double>(n * c) * sizeof(T);
    tape_rows("embeddings", concat(n, "x", c, " of ", options_.vocabulary, ", 2 and 512"), 5 * bytes, 6 * bytes,
              [&] { return embeddings_layer_norm(word, type, position, gamma, beta, {.drop_prob = 0.1}); });
  }

  /// Of the words of a vocabulary. Moved are the logits and what is kept of them for backward; then that and the
  /// gradient.
  template <Floating T>
  void cross_entropy_rows() const {
    const Index n = options_.tokens, classes = options_.vocabulary;
    const Variable<T> logits(normal<T>({n, classes}, device_), true);
    const auto labels = random_ids(n, classes, device_);
    const double bytes = static_cast<double>(n * classes) * (sizeof(T) + sizeof(Accumulator<T>));
    tape_rows(
        "cross_entropy", concat(n, "x", classes), bytes, bytes, [&] { return cross_entropy(logits, labels); }, logits);
  }

  /// Moved are logits, targets and a gradient of the targets' type; then that and the logits' gradient.
  template <Floating T>
  void bce_rows() const {
    using A = Accumulator<T>;
    const Shape shape{options_.tokens, options_.hidden};
    const Variable<T> logits(normal<T>(shape, device_), true);
    const auto targets = Tensor<A>::full(shape, A(0.25), device_);
    const double bytes = static_cast<double>(logits.value().nbytes() + targets.nbytes());
    tape_rows(
        "bce", concat(shape[0], "x", shape[1]), bytes + static_cast<double>(targets.nbytes()), bytes,
        [&] { return bce_with_logits(logits, targets); }, logits);
  }

  /// One parameter of a BERT-base's size; moved are gradient, weights and two moments (and the 16-bit copy).
  template <Floating T>
  void adamw_rows() const {
    const Index n = Index{110} << 20;
    const Variable<T> parameter(Tensor<T>::zeros({n}, device_), true);
    parameter.mutable_grad().fill(element_cast<T>(0.01f));
    AdamW optimizer({parameter}, {.lr = 1e-5});
    const double element = sizeof(Accumulator<T>) * 6 + sizeof(T) * (sizeof(T) == 2 ? 2.0 : 1.0);
    row("adamw", concat(n), 0, element * static_cast<double>(n), [&] { optimizer.step({.keep_gradients = true}); });
  }

  const Options& options_;
  Device device_;
  double peak_flops_ = 0, peak_bytes_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"The kernels of tempa by themselves"};
  app.add_option("--kernel", options.kernels, "all, or some of these")->delimiter(',')->check(CLI::IsMember(kKernels));
  app.add_option("--dtype", options.dtype, "fp32, bf16, fp16 or fp64")
      ->check(CLI::IsMember({"fp32", "bf16", "fp16", "fp64"}));
  app.add_option("--device", options.device, "auto, cpu, cuda or cuda:i");
  app.add_option("--tokens", options.tokens, "rows of a step")->check(CLI::PositiveNumber);
  app.add_option("--hidden", options.hidden, "columns of a layer")->check(CLI::PositiveNumber);
  app.add_option("--heads", options.heads, "attention heads")->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch, "sequences of attention")->check(CLI::PositiveNumber);
  app.add_option("--seqlen", options.seqlen, "length of all sequences; 0: those of SmSA");
  app.add_option("--vocabulary", options.vocabulary, "classes of cross_entropy, rows of the words' embeddings")
      ->check(CLI::PositiveNumber);
  app.add_option("-m,-M", options.m, "one product of these sizes");
  app.add_option("-n,-N", options.n);
  app.add_option("-k,-K", options.k);
  app.add_option("--seconds", options.seconds, "for each row")->check(CLI::PositiveNumber);
  app.add_option("--threads", options.threads, "of the CPU; 0: all");
  CLI11_PARSE(app, argc, argv);
  try {
    if (options.threads > 0) set_num_threads(options.threads);
    Bench bench(options, Device::parse(options.device));
    if (options.dtype == "fp32") bench.run<float>();
    if (options.dtype == "bf16") bench.run<bfloat16>();
    if (options.dtype == "fp16") bench.run<float16>();
    if (options.dtype == "fp64") bench.run<double>();
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
