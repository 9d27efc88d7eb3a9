// Who computes the products of matrices: the environment, or what the program set. (host code)
#include <tempa/core/error.hpp>
#include <tempa/cuda/gemm.hpp>

#include "gemm_tiles.cuh"

#include <atomic>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

void check_built(GemmChoice choice, const char* who) {
  if (choice == GemmChoice::kCublasLt && !has_cublaslt())
    throw ConfigError(concat("[", who, "] cublaslt is asked for, but the kernels were built without cuBLASLt"));
}

GemmChoice choice_of_environment() {
  const char* const value = std::getenv("TEMPA_GEMM");
  const GemmChoice choice = value == nullptr ? GemmChoice::kAuto : parse_gemm_choice(value);
  check_built(choice, "TEMPA_GEMM");
  return choice;
}

constexpr int kUnset = -1;
std::atomic<int> chosen{kUnset};

}  // namespace

GemmChoice parse_gemm_choice(std::string_view name) {
  if (name == "auto") return GemmChoice::kAuto;
  if (name == "tempa") return GemmChoice::kTempa;
  if (name == "hopper") return GemmChoice::kHopper;
  if (name == "cublaslt") return GemmChoice::kCublasLt;
  throw ConfigError(concat("[TEMPA_GEMM] must be auto, tempa, hopper or cublaslt but is \"", name, "\""));
}

GemmChoice gemm_choice() {
  if (const int set = chosen.load(std::memory_order_relaxed); set != kUnset) return static_cast<GemmChoice>(set);
  static const GemmChoice of_environment = choice_of_environment();  // tried again after an exception
  return of_environment;
}

void set_gemm_choice(GemmChoice choice) {
  check_built(choice, "set_gemm_choice");
  chosen.store(static_cast<int>(choice), std::memory_order_relaxed);
}

std::optional<GemmPlan>& detail::forced_plan() {
  thread_local std::optional<GemmPlan> plan;
  return plan;
}

GemmPlanGuard::GemmPlanGuard(GemmPlan plan) : former_(std::exchange(detail::forced_plan(), plan)) {}
GemmPlanGuard::~GemmPlanGuard() { detail::forced_plan() = former_; }

}  // namespace tempa::inline TEMPA_ABI::cuda
