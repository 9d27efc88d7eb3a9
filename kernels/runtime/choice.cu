// The implementations of matrix products and attention, chosen by the program or the environment. (host code)
#include <tempa/cuda/attention.hpp>
#include <tempa/cuda/gemm.hpp>

#include "kernels/runtime/choice.hpp"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

detail::Choice<GemmChoice>& of_gemm() {
  static detail::Choice<GemmChoice> choice(
      "TEMPA_GEMM", {{GemmChoice::kAuto, "auto"},
                     {GemmChoice::kTempa, "tempa"},
                     {GemmChoice::kHopper, "hopper"},
                     {GemmChoice::kCublasLt, "cublaslt", has_cublaslt() ? nullptr : "cuBLASLt"}});
  return choice;
}

detail::Choice<AttentionChoice>& of_attention() {
  static detail::Choice<AttentionChoice> choice("TEMPA_ATTENTION",
                                                {{AttentionChoice::kAuto, "auto"},
                                                 {AttentionChoice::kTempa, "tempa"},
                                                 {AttentionChoice::kCudnn, "cudnn", has_cudnn() ? nullptr : "cuDNN"}});
  return choice;
}

}  // namespace

GemmChoice parse_gemm_choice(std::string_view name) { return of_gemm().parse(name); }
GemmChoice gemm_choice() { return of_gemm().get(); }
void set_gemm_choice(GemmChoice choice) { of_gemm().set("set_gemm_choice", choice); }

AttentionChoice parse_attention_choice(std::string_view name) { return of_attention().parse(name); }
AttentionChoice attention_choice() { return of_attention().get(); }
void set_attention_choice(AttentionChoice choice) { of_attention().set("set_attention_choice", choice); }

}  // namespace tempa::inline TEMPA_ABI::cuda
