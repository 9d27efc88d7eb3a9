// Gives model classes `from_pretrained` and `save_pretrained`.
#pragma once

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
