// The bodies of <tempa/models/pretrained/detail/save_pretrained.hpp>.
#pragma once

#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/pretrained/detail/save_pretrained.hpp>

#include <cmath>
#include <concepts>
#include <system_error>
#include <variant>

namespace tempa::inline TEMPA_ABI {

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

TEMPA_INLINE StateDict weights_to_store(const StateDict& state, const SavePretrainedOptions& options) {
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

TEMPA_INLINE void write_folder(const std::filesystem::path& folder, const std::string& config,
                               const StateDict& weights) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw IoError(folder.string(), "cannot make the folder: " + error.message());
  AtomicFile config_file((folder / "config.json").string());
  config_file.write(config);
  save_safetensors((folder / "model.safetensors").string(), weights);
  config_file.commit();
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
