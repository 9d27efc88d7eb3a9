// Writing model folders.
#pragma once

#include <tempa/models/pretrained/detail/config_json.hpp>
#include <tempa/nn/module.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// Options of `save_pretrained`.
struct SavePretrainedOptions {
  /// Type of the stored weights: kFloat32, kFloat16, kBFloat16 or kFloat64; each tensor's own when absent (a
  /// 16-bit model's weights, without the optimizer's master weights, but float32 statistics of a BatchNorm1d).
  std::optional<DType> dtype{};
};

namespace detail {

/// The weights as `options` wants them stored.
/// @throws ConfigError for an integer `dtype`; NumericalError for a weight that `dtype` cannot hold.
StateDict weights_to_store(const StateDict& state, const SavePretrainedOptions& options);

/// Writes both files of a folder, which is made when it is not there.
void write_folder(const std::filesystem::path& folder, const std::string& config, const StateDict& weights);

}  // namespace detail

/// Writes config.json and model.safetensors of a folder, which is made when it is not there. Each of the two is
/// replaced at once, the weights first, and config.json is on the disk before: no failure leaves a torn file, or
/// one of them without room for the other.
/// @param config `architectures` and `dtype` are set in it.
/// @throws IoError; ConfigError for an integer `dtype`; NumericalError for a weight that `dtype` cannot hold.
/// @source transformers PreTrainedModel.save_pretrained
template <Module M, ModelConfig C>
void save_pretrained(M& module, C& config, std::string_view architecture, const std::filesystem::path& folder,
                     const SavePretrainedOptions& options = {}) {
  const StateDict stored = detail::weights_to_store(state_dict(module), options);
  C written = config;
  written.architectures = {std::string(architecture)};
  written.dtype = options.dtype ? *options.dtype : dtype(stored.begin()->tensor);
  detail::write_folder(folder, config_text(written), stored);
  config = std::move(written);
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/pretrained/detail/impl/save_pretrained.ipp>
#endif
