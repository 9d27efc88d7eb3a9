// What several examples do before they classify.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/core/device.hpp>

#include <filesystem>

/// The model of a folder on `device`, with nothing kept for training. @throws as `tempa::load_pretrained`; DeviceError.
template <typename Model>
Model load_for_inference(const std::filesystem::path& folder, tempa::Device device) {
  const tempa::NoGrad no_grad;
  auto model = Model::from_pretrained(folder);
  model.to(device);
  return model;
}
