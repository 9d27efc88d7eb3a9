// Gives model classes `from_pretrained` and `save_pretrained`.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/models/pretrained/detail/load_pretrained.hpp>
#include <tempa/models/pretrained/detail/save_pretrained.hpp>

#include <filesystem>

namespace tempa::inline TEMPA_ABI {

/// Gives a model class the two functions that Hugging Face users look for: `struct Tagger : PretrainedMembers<Tagger>`.
/// @tparam Self as `load_pretrained` asks.
template <typename Self>
struct PretrainedMembers {
  /// A model of a Hugging Face folder, ready to evaluate: `from_pretrained("indobert-base-p1", {.num_labels = 3})`.
  /// @throws as `load_pretrained`.
  static Self from_pretrained(const std::filesystem::path& folder, const PretrainedOptions& options = {}) {
    return load_pretrained<Self>(folder, options);
  }

  /// Writes config.json and model.safetensors, as transformers reads them: `save_pretrained("out", {.dtype =
  /// DType::kBFloat16})`. @throws as `tempa::save_pretrained`.
  void save_pretrained(const std::filesystem::path& folder, const SavePretrainedOptions& options = {}) {
    auto& self = static_cast<Self&>(*this);
    tempa::save_pretrained(self, config_of(self), Self::kName, folder, options);
  }
};

}  // namespace tempa::inline TEMPA_ABI

#if defined(TEMPA_COMPILED)
/// The module `M<T>`, which has `PretrainedMembers`, for each `Floating` T, see tempa/core/detail/compiled.hpp.
#define TEMPA_COMPILED_PRETRAINED(M)                                \
  TEMPA_COMPILED_MODULE(M);                                         \
  TEMPA_INSTANTIATE_FLOAT struct PretrainedMembers<M<float>>;       \
  TEMPA_INSTANTIATE_DOUBLE struct PretrainedMembers<M<double>>;     \
  TEMPA_INSTANTIATE_BFLOAT16 struct PretrainedMembers<M<bfloat16>>; \
  TEMPA_INSTANTIATE_FLOAT16 struct PretrainedMembers<M<float16>>
#else
#define TEMPA_COMPILED_PRETRAINED(M) static_assert(true)
#endif
