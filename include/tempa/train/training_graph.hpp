// A whole training step as one CUDA graph.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/data/batch.hpp>
#include <tempa/device/cuda/graph.hpp>
#include <tempa/optim/grad_scaler.hpp>
#include <tempa/optim/optimizer.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `TrainingGraph`.
struct TrainingGraphOptions {
  /// Clip all gradients to this L2 norm; infinity only measures it, nothing does neither.
  std::optional<double> max_norm = std::nullopt;
  bool skip_nonfinite = false;  ///< with max_norm: a step whose norm is NaN or infinite changes nothing
  /// Scales the loss, skips steps, and is updated after each; it must outlive the `TrainingGraph`.
  GradScaler* scaler = nullptr;
  Index token_bucket = 128;     ///< the number of tokens of a batch is rounded up to a multiple of it
  Index length_bucket = 64;     ///< and so is the longest sequence,
  Index max_length = 512;       ///< but not above this, a model's number of positions
  std::size_t max_graphs = 64;  ///< that are kept; the least recently used one is removed first
};

/// Rounds a batch of the host up to a bucket: tokens of id 0 after the last sequence, without a label, and a longer
/// `max_seqlen`. A model gives the same loss and the same gradients for it, except that dropout draws other numbers.
/// @param batch with labels of sequences (B) or of tokens (N).
/// @throws DeviceError unless the batch is on the host.
Batch padded_to_bucket(const Batch& batch, const TrainingGraphOptions& options);

/// Forward, backward, clipping and the optimizer's step of one batch; on a CUDA device as one graph, which is recorded
/// for each bucket of the number of tokens and then launched with one call. What changes from step to step is in
/// device memory: ids, cu_seqlens, labels, the place in the random stream, the number of the step, the learning rates,
/// the scale of a `GradScaler`.
///
///   TrainingGraph step(optimizer, [&](const Batch& batch) { return model(batch); }, {.max_norm = 1.0});
///   for (const auto& batch : loader) {
///     total += step(batch).loss.item();  // which waits for the device: leave it out where the loss is not needed
///     scheduler.step();
///   }
///
/// The first step, one whose recording fails (see `why_not`), and each on the CPU, is run without a graph, with the
/// same result. Whatever else the step depends on (training or evaluation mode, options of layers) is recorded too:
/// call `reset` after a change. Frozen parameters, and storage that was replaced, are noticed.
///
/// All graphs share their memory. A step's outputs are valid until the next step.
/// @tparam Forward called with a batch on the model's device: gives the loss, or a struct with a `loss`.
template <typename Forward>
class TrainingGraph {
 public:
  using Output = std::decay_t<std::invoke_result_t<Forward&, const Batch&>>;

  /// @param optimizer of the parameters that the loss depends on, and whose device is the model's; it must outlive
  /// this.
  /// @throws ConfigError for a bucket that is not positive.
  TrainingGraph(Optimizer& optimizer, Forward forward, TrainingGraphOptions options = {})
      : optimizer_(optimizer), forward_(std::move(forward)), options_(options) {
    if (options_.token_bucket < 1 || options_.length_bucket < 1 || options_.max_graphs < 1)
      throw ConfigError(concat("[TrainingGraph] token_bucket, length_bucket and max_graphs must be positive but are ",
                               options_.token_bucket, ", ", options_.length_bucket, " and ", options_.max_graphs));
    if (options_.scaler != nullptr && !options_.scaler->is_enabled()) options_.scaler = nullptr;
  }

  /// Runs a step. @param batch on the host. @return what `Forward` returned; backward has already run.
  /// @throws what the forward pass, backward and the optimizer throw; ValueError for ids and labels of an earlier step.
  const Output& operator()(const Batch& batch) {
    const Device device = optimizer_.parameters()[0].visit([](const auto& v) { return v.device(); });
    if (device.is_cpu()) return make_step(batch);
#if defined(TEMPA_WITH_CUDA)
    const bool is_ambiguous = batch.labels.shape() == batch.ids.shape() && batch.tokens() == batch.size();
    if (is_ambiguous) return make_step(batch.to(device));  // labels of tokens, or of sequences of one token each
    const Batch padded = padded_to_bucket(batch.to(Device::cpu()), options_);
    if (!warm_ || !why_not_.empty()) {
      const Output& output = make_step(padded.to(device));
      warm_ = true;
      return output;
    }
    return graph_step(padded, device);
#else
    return make_step(batch);
#endif
  }

  /// Why steps run without a graph; empty while they run with one.
  const std::string& why_not() const { return why_not_; }
  /// Forgets all graphs, and tries again where recording had failed.
  void reset() {
#if defined(TEMPA_WITH_CUDA)
    graphs_.clear();
#endif
    why_not_.clear();
  }
  /// The norm of the latest step's gradients, before clipping; of one that a `scaler` has skipped on the CPU that of
  /// the step before. Waits for the device.
  double grad_norm() {
#if defined(TEMPA_WITH_CUDA)
    if (latest_ != nullptr) return latest_->norm();
#endif
    return optimizer_.grad_norm();
  }
  /// After a step that `skip_nonfinite` has skipped: it is not counted. Not needed with a `scaler`.
  void take_back_count() {
#if defined(TEMPA_WITH_CUDA)
    if (latest_ != nullptr) return latest_->take_back_count();
#endif
    optimizer_.take_back_count();
  }
  const TrainingGraphOptions& options() const { return options_; }
  /// Graphs recorded so far, launches of graphs, and steps without one.
  Index recorded() const { return recorded_; }
  Index launched() const { return launched_; }
  Index without_graph() const { return without_graph_; }

 private:
  static const auto& loss_of(const Output& output) {
    if constexpr (requires { output.loss; }) {
      return output.loss;
    } else {
      return output;
    }
  }

  void forward_and_backward(std::optional<Output>& output, const Batch& batch) {
    output.reset();
    output.emplace(forward_(batch));
    if (!loss_of(*output).defined())
      throw ValueError("[TrainingGraph] expected batches with labels but the model gave no loss");
    if (options_.scaler != nullptr) {
      options_.scaler->scale(loss_of(*output)).backward();
    } else {
      loss_of(*output).backward();
    }
  }

  StepOptions step_options() const {
    return {.max_norm = options_.max_norm, .skip_nonfinite = options_.skip_nonfinite};
  }

  const Output& make_step(const Batch& batch) {
#if defined(TEMPA_WITH_CUDA)
    latest_ = nullptr;
#endif
    forward_and_backward(output_, batch);
    if (options_.scaler != nullptr) {
      options_.scaler->step(optimizer_, step_options());
      options_.scaler->update();
    } else {
      optimizer_.step(step_options());
    }
    ++without_graph_;
    return *output_;
  }

#if defined(TEMPA_WITH_CUDA)
  /// Tokens, longest sequence, sequences, labels, targets: what the launches' sizes depend on.
  using Bucket = std::tuple<Index, Index, Index, std::string, std::string>;

  struct Recording {
    cuda::Graph graph;
    Batch batch;  ///< on the device, where each step's is copied to
    Tensor<std::int32_t> integers;
    std::optional<Output> output;
    std::unique_ptr<detail::RecordedStep> step;
    std::uint64_t random_blocks = 0;  ///< that a step takes
    Index last_use = 0;

    explicit Recording(int device) : graph(device) {}
  };

  static std::string text_of(const Shape& shape) { return shape.to_string(); }

  const Output& graph_step(const Batch& batch, Device device) {
    const Bucket bucket{batch.tokens(), batch.max_seqlen, batch.size(), text_of(batch.labels.shape()),
                        text_of(batch.targets.shape())};
    auto found = graphs_.find(bucket);
    if (found != graphs_.end() && !found->second->step->is_valid()) {
      graphs_.clear();
      found = graphs_.end();
    }
    if (found == graphs_.end()) {
      auto recording = record(batch, device);
      if (recording == nullptr) return make_step(batch.to(device));
      if (graphs_.size() >= options_.max_graphs)
        graphs_.erase(std::min_element(graphs_.begin(), graphs_.end(), [](const auto& a, const auto& b) {
          return a.second->last_use < b.second->last_use;
        }));
      found = graphs_.emplace(bucket, std::move(recording)).first;
    }
    launch(*found->second, batch, device);
    return *found->second->output;
  }

  /// Copies a batch from the host to the buffers that a recording reads: one copy for all integers.
  static void copy_batch(Recording& recording, const Batch& batch) {
    std::vector<std::int32_t> values;
    for (const auto* part : {&batch.ids, &batch.token_type_ids, &batch.cu_seqlens, &batch.labels})
      values.insert(values.end(), part->span().begin(), part->span().end());
    recording.integers.copy_from(Tensor<std::int32_t>::from(values));
    if (!batch.targets.empty()) recording.batch.targets.copy_from(batch.targets);
  }

  /// Buffers on the device for a batch like this one.
  static void reserve_batch(Recording& recording, const Batch& batch, Device device) {
    recording.batch = batch;
    Index count = 0;
    for (auto* part : {&batch.ids, &batch.token_type_ids, &batch.cu_seqlens, &batch.labels}) count += part->numel();
    recording.integers = Tensor<std::int32_t>(Shape{count}, device);
    Index at = 0;
    Batch& placed = recording.batch;
    for (auto* part : {&placed.ids, &placed.token_type_ids, &placed.cu_seqlens, &placed.labels}) {
      if (part->empty()) continue;
      *part = recording.integers.rows(at, at + part->numel()).reshape(part->shape());
      at += part->numel();
    }
    if (!batch.targets.empty()) placed.targets = Tensor<float>(batch.targets.shape(), device);
  }

  /// @return nullptr when the step cannot be recorded; `why_not_` says why.
  std::unique_ptr<Recording> record(const Batch& batch, Device device) {
    const ProfileScope scope("record graph");
    if (graphs_.empty()) {  // memory cached by steps without a graph cannot be used by the graphs
      output_.reset();
      cuda::release_cached_memory(device.index());
      origin_ = Tensor<std::int64_t>(Shape{2}, device);
    }
    auto recording = std::make_unique<Recording>(device.index());
    reserve_batch(*recording, batch, device);
    optimizer_.zero_grad();
    optimizer_.settle_count();
    GradScaler* const scaler = options_.scaler;
    if (scaler != nullptr) scaler->move_to(device);
    Generator& generator = default_generator();
    const Generator before = generator;
    const auto end = [&] {
      generator.record_from(nullptr);
      recording->random_blocks = generator.block() - before.block();
      generator = before;
    };
    try {
      recording->graph.begin_capture(graphs_.empty() ? nullptr : &graphs_.begin()->second->graph);
      generator.record_from(reinterpret_cast<const RandomOrigin*>(origin_.data()));
      forward_and_backward(recording->output, recording->batch);
      recording->step =
          optimizer_.record_step(step_options(), {.state = scaler != nullptr ? scaler->device_state() : nullptr});
      if (scaler != nullptr) scaler->update_on_device();
      recording->graph.end_capture();
      end();
      recording->step->finish();
      ++recorded_;
      return recording;
    } catch (const CudaError& error) {
      end();
      optimizer_.zero_grad();
      why_not_ = concat("[TrainingGraph] the step cannot be recorded: ", error.what());
      return nullptr;
    } catch (...) {
      end();
      optimizer_.zero_grad();
      throw;
    }
  }

  void launch(Recording& recording, const Batch& batch, Device device) {
    const ProfileScope scope("graph");
    Generator& generator = default_generator();
    const std::uint64_t block = generator.block();
    origin_.copy_from(
        Tensor<std::int64_t>::from({static_cast<std::int64_t>(generator.seed()), static_cast<std::int64_t>(block)}));
    copy_batch(recording, batch);
    if (options_.scaler != nullptr) options_.scaler->move_to(device);
    recording.step->before_launch();
    recording.graph.launch(cuda::current_backend(device.index()));
    recording.step->after_launch();
    generator = Generator(generator.seed(), block + recording.random_blocks);
    recording.last_use = ++launched_;
    latest_ = recording.step.get();
  }

  std::map<Bucket, std::unique_ptr<Recording>> graphs_;
  Tensor<std::int64_t> origin_;  // a `RandomOrigin`
  detail::RecordedStep* latest_ = nullptr;
  bool warm_ = false;  // whether moments and everything else that is made once exist
#endif

  Optimizer& optimizer_;
  Forward forward_;
  TrainingGraphOptions options_;
  std::optional<Output> output_;
  std::string why_not_;
  Index recorded_ = 0, launched_ = 0, without_graph_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/impl/training_graph.ipp>
#endif
