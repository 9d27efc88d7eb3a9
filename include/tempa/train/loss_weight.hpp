// The weight of a batch's loss, so that the losses of several batches can be combined: one sum over one weight.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/nn/module.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI {

/// The weight of the loss that `model` gives for `batch`: what its mean has divided by, up to a factor that is the same
/// for all batches. It is `model.loss_weight(batch)` where the model has such a member, which a user's own head needs
/// when its loss is not a plain mean over the labels, e.g. one with class weights (their sum over the rows). Else it is
/// the number of labels that are not `kNoLabel`, or of rows where the batch has no labels.
/// @param batch on any device.
template <Module Model, typename Data>
double loss_weight_of(const Model& model, const Data& batch) {
  if constexpr (requires { model.loss_weight(batch); }) {
    return static_cast<double>(model.loss_weight(batch));
  } else {
    if constexpr (requires { batch.labels.to(Device::cpu()).span(); }) {
      if (!batch.labels.empty()) {
        const auto labels = batch.labels.to(Device::cpu());
        return static_cast<double>(labels.numel() - std::ranges::count(labels.span(), kNoLabel));
      }
    }
    if constexpr (requires { batch.size(); }) {
      return static_cast<double>(batch.size());
    } else {
      return 1.0;
    }
  }
}

/// The loss of a batch: its mean, and the weight that the mean has divided by.
struct BatchLoss {
  double mean = 0;
  double weight = 1;
};

/// The loss of several batches: sum_i w_i l_i / sum_i w_i, however their rows were divided into batches. A
/// batch of weight 0 adds nothing.
class MeanLoss {
 public:
  void add(BatchLoss loss);
  /// 0 where nothing has a weight.
  double value() const { return weight_ == 0 ? 0.0 : sum_ / weight_; }
  /// For checkpoints: `f("loss_sum", sum)` and so on.
  void visit_state(auto&& f) {
    f("loss_sum", sum_);
    f("loss_weight", weight_);
  }

 private:
  double sum_ = 0, weight_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/impl/loss_weight.ipp>
#endif
