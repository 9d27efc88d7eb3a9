// The bodies of <tempa/optim/averaged_model.hpp>.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/cpu/numeric.hpp>
#include <tempa/cpu/simd/convert.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/detail/host_step.hpp>
#include <tempa/optim/optimizer.hpp>

#include <algorithm>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE AveragedModel::Applied::~Applied() {
  if (average_.is_swapped()) average_.exchange_all();
}

TEMPA_INLINE AveragedModel::AveragedModel(const ParameterList& parameters, AveragedModelOptions options)
    : parameters_(parameters), options_(options) {
  detail::check_option(options.decay >= 0 && options.decay <= 1, "AveragedModel", "decay", "in [0,1]", options.decay);
  for (const auto& parameter : parameters_)
    parameter.visit([&]<Floating T>(const Variable<T>& v) {
      Tensor<Accumulator<T>> average(v.shape(), v.device());
      on(v.device(), [&](auto backend) { convert(backend, average.data(), v.value().data(), v.numel()); });
      averages_.emplace_back(std::move(average));
    });
  own_.resize(averages_.size());
}

TEMPA_INLINE void AveragedModel::update() {
  if (swapped_) throw Error("[AveragedModel] expected the model's own weights but it holds the average; swap() first");
  const double n = static_cast<double>(num_updates_);
  const double decay = options_.warm_up ? std::min(options_.decay, (1 + n) / (10 + n)) : options_.decay;
  const double weight = num_updates_ == 0 ? 1 : options_.averaging == Averaging::kEqual ? 1 / (n + 1) : 1 - decay;
  for_each([&]<Floating T>(Tensor<T>& value, Tensor<Accumulator<T>>& average, AnyTensor&) {
    on(value.device(), [&](auto backend) {
      if (num_updates_ == 0) return convert(backend, average.data(), std::as_const(value).data(), value.numel());
      average_step(backend, average.data(), std::as_const(value).data(), value.numel(),
                   static_cast<Accumulator<T>>(weight));
    });
  });
  ++num_updates_;
}

TEMPA_INLINE void AveragedModel::swap() {
  if (num_updates_ == 0) throw Error("[AveragedModel] there is no average yet: update() was never called");
  exchange_all();
}

TEMPA_INLINE StateDict AveragedModel::state_dict() const {
  StateDict state;
  for (std::size_t i = 0; i < averages_.size(); ++i)
    std::visit([&](const auto& average) { state.insert(name_of(i), average); }, averages_[i]);
  return state;
}

TEMPA_INLINE void AveragedModel::load_state_dict(const StateDict& state, Index num_updates) {
  StateDict own = state_dict(), check;
  for (const auto& entry : own)
    check.insert(entry.name, std::visit([](const auto& tensor) -> AnyTensor { return tensor.clone(); }, entry.tensor));
  copy_matching(state, check).require_complete("the saved average", "the average");
  copy_matching(state, own);
  num_updates_ = num_updates;
}

TEMPA_INLINE std::string AveragedModel::name_of(std::size_t i) const {
  return parameters_[i].name.empty() ? std::to_string(i) : parameters_[i].name;
}

TEMPA_INLINE void AveragedModel::exchange_all() {
  for_each([this]<Floating T>(Tensor<T>& value, Tensor<Accumulator<T>>&, AnyTensor& own) {
    if (!Real<T> && !swapped_) own = value.clone();
  });
  for_each([this]<Floating T>(Tensor<T>& value, Tensor<Accumulator<T>>& average, AnyTensor& own) {
    on(value.device(), [&](auto backend) {
      if constexpr (Real<T>) {
        exchange(backend, value.data(), average.data(), value.numel());
      } else if (swapped_) {
        value.copy_from(std::get<Tensor<T>>(own));
      } else {
        convert(backend, value.data(), std::as_const(average).data(), value.numel());
      }
    });
  });
  swapped_ = !swapped_;
}

}  // namespace tempa::inline TEMPA_ABI
