// Writing model folders.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/pretrained/config_fields.hpp>
#include <tempa/models/pretrained/detail/config_json.hpp>
#include <tempa/nn/module.hpp>

#include <cmath>
#include <concepts>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

TEMPA_COMPILED_FILE("models");

namespace tempa::inline TEMPA_ABI {

/// Options of `save_pretrained`.
struct SavePretrainedOptions {
  /// Type of the stored weights: kFloat32, kFloat16, kBFloat16 or kFloat64; each tensor's own when absent (a
  /// 16-bit model's weights, without the optimizer's master weights, but float32 statistics of a BatchNorm1d).
  std::optional<DType> dtype{};
};

namespace detail {

/// The weights in the type in which they are stored.
/// @throws NumericalError naming the first one that the type cannot hold.
template <Floating To>
StateDict stored_weights(const StateDict& state) {
  StateDict stored;
  for (const StateDict::Entry& entry : state) {
    std::visit(
        [&]<Element From>(const Tensor<From>& tensor) {
          if constexpr (!Floating<From> || std::same_as<From, To>) {
            stored.insert(entry.name, tensor);
          } else {
            const Tensor<From> host = tensor.to(Device::cpu());
            const Tensor<To> converted = host.template cast<To>();
            for (Index i = 0; i < host.numel(); ++i) {
              const auto before = element_cast<double>(host.data()[i]);
              if (std::isfinite(before) && !std::isfinite(element_cast<double>(converted.data()[i])))
                throw NumericalError(concat("[save_pretrained] '", entry.name, "' must fit into ",
                                            to_string(dtype_of<To>), " but element ", i, " is ", before));
            }
            stored.insert(entry.name, converted);
          }
        },
        entry.tensor);
  }
  return stored;
}

/// The weights as `options` wants them stored.
/// @throws ConfigError for an integer `dtype`; NumericalError for a weight that `dtype` cannot hold.
inline StateDict weights_to_store(const StateDict& state, const SavePretrainedOptions& options) {
  if (!options.dtype) return state;
  switch (*options.dtype) {
    case DType::kFloat32:
      return stored_weights<float>(state);
    case DType::kFloat64:
      return stored_weights<double>(state);
    case DType::kFloat16:
      return stored_weights<float16>(state);
    case DType::kBFloat16:
      return stored_weights<bfloat16>(state);
    default:
      throw ConfigError(
          concat("[save_pretrained] dtype must be a floating-point type but is ", to_string(*options.dtype)));
  }
}

/// Writes both files of a folder, which is made when it is not there.
inline void write_folder(const std::filesystem::path& folder, const std::string& config, const StateDict& weights) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw IoError(folder.string(), "cannot make the folder: " + error.message());
  AtomicFile config_file((folder / "config.json").string());
  config_file.write(config);
  save_safetensors((folder / "model.safetensors").string(), weights);
  config_file.commit();
}

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

TEMPA_COMPILED_FUNCTION(detail::stored_weights);

}  // namespace tempa::inline TEMPA_ABI
