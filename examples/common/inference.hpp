// Loads a model for prediction.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/device/device.hpp>
#include <tempa/models/pretrained/pretrained.hpp>

#include <filesystem>

/// The model of a folder on `device`, without anything that only training needs. A folder without all weights, such as
/// a BERT without a head, is refused unless `allow_new_weights`. @throws as `tempa::load_pretrained`; NumericalError
/// naming a weight that is not finite; DeviceError.
template <typename Model>
Model load_for_inference(const std::filesystem::path& folder, tempa::Device device, bool allow_new_weights) {
  const tempa::NoGrad no_grad;
  auto model = Model::from_pretrained(
      folder, tempa::PretrainedOptions{.allow_new_weights = allow_new_weights, .check_finite = true});
  model.to(device);
  return model;
}
