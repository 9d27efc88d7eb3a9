// Who computes matrix products and attention: the names, the environment, and what is not built.
#include <tempa/core/error.hpp>
#include <tempa/cuda/attention.hpp>
#include <tempa/cuda/gemm.hpp>

#include "kernels/runtime/choice.hpp"
#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <cstdlib>

namespace choice_test {

using namespace tempa;
using Catch::Matchers::Equals;

namespace {

enum class Baker { kAny, kOurs, kTheirs };

constexpr const char* kVariable = "TEMPA_TEST_CHOICE";

cuda::detail::Choice<Baker> make_choice() {
  return {kVariable, {{Baker::kAny, "any"}, {Baker::kOurs, "ours"}, {Baker::kTheirs, "theirs", "flour"}}};
}

/// While one lives, the variable has this value.
struct Environment {
  explicit Environment(const char* value) { ::setenv(kVariable, value, 1); }
  ~Environment() { ::unsetenv(kVariable); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
};

}  // namespace

TEST_CASE("A choice is the program's, or else the environment's, or else the first", "[cuda]") {
  {
    auto choice = make_choice();
    CHECK(choice.get() == Baker::kAny);
    const Environment too_late("ours");
    CHECK(choice.get() == Baker::kAny);
  }
  const Environment environment("ours");
  auto choice = make_choice();
  CHECK(choice.get() == Baker::kOurs);
  choice.set("test", Baker::kAny);
  CHECK(choice.get() == Baker::kAny);
}

TEST_CASE("A choice that is unknown or not built is an error until it is put right", "[cuda]") {
  auto choice = make_choice();
  CHECK(choice.parse("theirs") == Baker::kTheirs);
  CHECK_THAT(thrown<ConfigError>([&] { choice.parse("hers"); }),
             Equals("[TEMPA_TEST_CHOICE] must be any, ours or theirs but is \"hers\""));
  CHECK_THAT(thrown<ConfigError>([&] { choice.set("set_baker", Baker::kTheirs); }),
             Equals("[set_baker] theirs is asked for, but the kernels were built without flour"));
  for (int call = 0; call < 2; ++call) {
    const Environment environment("theirs");
    CHECK_THAT(thrown<ConfigError>([&] { choice.get(); }),
               Equals("[TEMPA_TEST_CHOICE] theirs is asked for, but the kernels were built without flour"));
  }
  for (const char* const wrong : {"", "Ours", "ours "}) {
    const Environment environment(wrong);
    CHECK_THROWS_AS(choice.get(), ConfigError);
  }
  const Environment environment("ours");
  CHECK(choice.get() == Baker::kOurs);
}

TEST_CASE("CUDA: who computes matrix products and attention has a name", "[cuda]") {
  CHECK(cuda::parse_gemm_choice("auto") == cuda::GemmChoice::kAuto);
  CHECK(cuda::parse_gemm_choice("hopper") == cuda::GemmChoice::kHopper);
  CHECK_THAT(thrown<ConfigError>([] { cuda::parse_gemm_choice("fastest"); }),
             Equals("[TEMPA_GEMM] must be auto, tempa, hopper or cublaslt but is \"fastest\""));
  CHECK(cuda::parse_attention_choice("auto") == cuda::AttentionChoice::kAuto);
  CHECK(cuda::parse_attention_choice("tempa") == cuda::AttentionChoice::kTempa);
  CHECK(cuda::parse_attention_choice("cudnn") == cuda::AttentionChoice::kCudnn);
  CHECK_THAT(thrown<ConfigError>([] { cuda::parse_attention_choice("flash"); }),
             Equals("[TEMPA_ATTENTION] must be auto, tempa or cudnn but is \"flash\""));
}

TEST_CASE("CUDA: a library that the kernels were built without cannot be asked for", "[cuda]") {
  const auto gemm = cuda::gemm_choice();
  const auto attention = cuda::attention_choice();
  if (cuda::has_cublaslt()) {
    cuda::set_gemm_choice(cuda::GemmChoice::kCublasLt);
    CHECK(cuda::gemm_choice() == cuda::GemmChoice::kCublasLt);
  } else {
    CHECK_THAT(thrown<ConfigError>([] { cuda::set_gemm_choice(cuda::GemmChoice::kCublasLt); }),
               Equals("[set_gemm_choice] cublaslt is asked for, but the kernels were built without cuBLASLt"));
  }
  if (cuda::has_cudnn()) {
    cuda::set_attention_choice(cuda::AttentionChoice::kCudnn);
    CHECK(cuda::attention_choice() == cuda::AttentionChoice::kCudnn);
  } else {
    CHECK_THAT(thrown<ConfigError>([] { cuda::set_attention_choice(cuda::AttentionChoice::kCudnn); }),
               Equals("[set_attention_choice] cudnn is asked for, but the kernels were built without cuDNN"));
    const auto passes = cuda::cudnn_passes<bfloat16>({}, 1, 64, 64, 1, 64);
    CHECK_FALSE((passes.forward || passes.backward));
  }
  cuda::set_gemm_choice(gemm);
  cuda::set_attention_choice(attention);
}

}  // namespace choice_test
