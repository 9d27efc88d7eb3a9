// Launchers of kernels/optimizer.cu: an optimizer's step of one parameter, and of all at once. In the latter nothing is
// read by the host: the norm of the gradients, whether they are finite, the learning rate and the number of the step
// stay in device memory, so that a captured graph can be launched again with other values there.
//
// `Formula` is a rule, e.g. `AdamFormula`, see tempa/math/optimizer.hpp. The kernels of an own one are compiled by a
// .cu file of the program: #include <kernels/optimizer.cuh> and, in namespace tempa, TEMPA_OPTIMIZER(OwnFormula);
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>
#include <tempa/math/loss_scale.hpp>
#include <tempa/math/optimizer.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace tempa::inline TEMPA_ABI::cuda {

/// A step of the rule `Formula`, e.g. `AdamFormula`: moments and weights of every element.
/// @param param (n) the weights; of a 16-bit parameter the float32 master weights.
/// @param copy (n) the 16-bit parameter, which becomes `param` rounded, and from which `param` is taken over where
///   something else has changed it; nullptr where T is float or double.
/// @param moments (n) each, or nullptr for one that is not in use. @param grad (n).
template <Floating T, typename Formula>
void optimizer_step(Backend backend, Accumulator<T>* param, T* copy, const Moments<Accumulator<T>>& moments,
                    const T* grad, Index n, const typename Formula::template Scalars<Accumulator<T>>& scalars);

/// One parameter of a step for all; the arrays are those of `optimizer_step`.
template <Floating T>
struct UpdatedTensor {
  Accumulator<T>* param;            ///< (n)
  T* copy;                          ///< (n), nullptr where T is float or double
  const T* grad;                    ///< (n)
  Moments<Accumulator<T>> moments;  ///< (n) each
  Index n;
  Index group;  ///< of the options
};

/// The part of a tensor that one block takes.
struct TensorPart {
  std::int32_t tensor;
  std::int32_t part;
};

/// All parts of tensors with these numbers of elements, for the host to copy to the device once.
std::vector<TensorPart> parts_of(std::span<const Index> sizes);

/// The state of the steps, in device memory: the host writes what stands first.
struct StepState {
  double inverse_scale;          ///< on all gradients
  double max_norm;               ///< of all gradients, unscaled, as in `clip_grad_norm`; infinite for no clipping
  std::int32_t skips_nonfinite;  ///< whether a step with an infinite or NaN gradient updates nothing
  std::int32_t skipped;          ///< whether the latest one did so
  double step;                   ///< steps done, those that were skipped not counted
  double norm;                   ///< of the latest gradients, unscaled, before clipping
  /// With a loss scale gradients are divided by it too, a step with an infinite or NaN gradient updates nothing, and
  /// `step`, as the host writes it, counts those steps too: `skipped_steps` (1) of them, which the device counts.
  LossScale* loss_scale = nullptr;
  double* skipped_steps = nullptr;
  double* is_skipped = nullptr;  ///< (1) where to write whether the step was skipped, 0 or 1; nullptr for nowhere
};

/// result_p = sum of the squares of part p's gradients, in double.
/// @param result (part_count). @param tensors (count), parts (part_count), on the device.
template <Floating T>
void squares_of_parts(Backend backend, double* result, const UpdatedTensor<T>* tensors, const TensorPart* parts,
                      Index part_count);

/// Begins a step: norm = sqrt(sum_p squares_p) inverse_scale; where it is not finite the step may be skipped; else step
/// += 1, and the scalars of each group follow, whose gradient factor unscales and clips: inverse_scale min(1, max_norm
/// / (norm + 1e-6)). With a loss scale inverse_scale / scale takes the place of inverse_scale.
/// @param state (1). @param scalars, groups (group_count). @param squares (count), those of all types of tensors.
template <Real A, typename Formula>
void begin_optimizer_steps(Backend backend, StepState* state, typename Formula::template Scalars<A>* scalars,
                           const typename Formula::Group* groups, Index group_count, const double* squares,
                           Index count);

/// `optimizer_step` for every part, unless the step is skipped. @param scalars (groups)
template <Floating T, typename Formula>
void optimizer_steps(Backend backend, const UpdatedTensor<T>* tensors, const TensorPart* parts, Index part_count,
                     const typename Formula::template Scalars<Accumulator<T>>* scalars, const StepState* state);

}  // namespace tempa::inline TEMPA_ABI::cuda
