// The weights of a model folder.
#pragma once

#include <tempa/io/safetensors.hpp>
#include <tempa/nn/module.hpp>

#include <filesystem>
#include <string>
#include <system_error>

namespace tempa::inline TEMPA_ABI {

/// Copies the tensors of `folder`/model.safetensors into `module`.
/// @throws IoError, FormatError; ShapeError or ValueError with the whole report when a tensor is missing, left over or
/// of
///   another shape.
template <Module M>
void load_weights(M& module, const std::filesystem::path& folder) {
  const std::string path = (folder / "model.safetensors").string();
  load_state_dict(module, load_safetensors(path)).require_complete(path, "the model");
}

/// Writes the tensors of `module` to `folder`/model.safetensors, at once or not at all; makes the folder when it is not
/// there. @throws IoError.
template <Module M>
void save_weights(M& module, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw IoError(folder.string(), "cannot make the folder: " + error.message());
  save_safetensors((folder / "model.safetensors").string(), state_dict(module));
}

}  // namespace tempa::inline TEMPA_ABI
