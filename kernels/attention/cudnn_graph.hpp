// The part of cuDNN's graph interface that attention uses: tensors of four dimensions, and elementwise operations,
// reductions, products and transposes of them. A tensor with a number is in memory; one without a number is an
// intermediate result, which exists only inside the kernel that cuDNN makes of the graph.
#pragma once

#include <tempa/core/error.hpp>

#include <cudnn_graph.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI::cuda::detail {

/// @throws CudaError, `[who] cuDNN: name of the status (its message)`, unless `status` is success.
inline void check_cudnn(const char* who, cudnnStatus_t status) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  std::array<char, 512> message{};
  cudnnGetLastErrorString(message.data(), message.size());
  throw CudaError(concat("[", who, "] cuDNN: ", cudnnGetErrorString(status), " (", message.data(), ")"));
}

/// Whether the status means that cuDNN does not support this, and not that something failed.
inline bool is_unsupported(cudnnStatus_t status) { return CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_NOT_SUPPORTED; }

/// An object of cuDNN: attributes are set, then it is finalized.
class CudnnDescriptor {
 public:
  CudnnDescriptor(const char* who, cudnnBackendDescriptorType_t type) : who_(who) {
    check_cudnn(who, cudnnBackendCreateDescriptor(type, &descriptor_));
  }
  ~CudnnDescriptor() {
    if (descriptor_ != nullptr) cudnnBackendDestroyDescriptor(descriptor_);
  }
  CudnnDescriptor(CudnnDescriptor&& other) noexcept
      : who_(other.who_), descriptor_(std::exchange(other.descriptor_, nullptr)) {}
  CudnnDescriptor& operator=(CudnnDescriptor&& other) noexcept {
    who_ = other.who_;
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  cudnnBackendDescriptor_t get() const { return descriptor_; }

  template <typename T, std::size_t kCount>
  void set(cudnnBackendAttributeName_t attribute, cudnnBackendAttributeType_t type, std::span<T, kCount> values) {
    check_cudnn(who_, cudnnBackendSetAttribute(descriptor_, attribute, type, static_cast<std::int64_t>(values.size()),
                                               values.data()));
  }
  template <typename T>
  void set(cudnnBackendAttributeName_t attribute, cudnnBackendAttributeType_t type, const T& value) {
    set(attribute, type, std::span<const T, 1>(&value, 1));
  }
  /// Of another object, which must live as long as this one is needed.
  void set(cudnnBackendAttributeName_t attribute, cudnnBackendDescriptor_t other) {
    set(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, other);
  }

  /// @return the number of values. @param values receives them; if empty, they are only counted.
  template <typename T>
  std::size_t get(cudnnBackendAttributeName_t attribute, cudnnBackendAttributeType_t type, std::span<T> values) const {
    std::int64_t count = 0;
    check_cudnn(who_, cudnnBackendGetAttribute(descriptor_, attribute, type, static_cast<std::int64_t>(values.size()),
                                               &count, values.empty() ? nullptr : values.data()));
    return static_cast<std::size_t>(count);
  }

  void finalise() { check_cudnn(who_, cudnnBackendFinalize(descriptor_)); }
  /// @return false where cuDNN does not support it.
  bool finalise_if_supported() {
    const cudnnStatus_t status = cudnnBackendFinalize(descriptor_);
    if (is_unsupported(status)) return false;
    check_cudnn(who_, status);
    return true;
  }

 private:
  const char* who_;
  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

/// The plan of a graph: its kernels, and the size of their workspace.
struct CudnnPlan {
  CudnnDescriptor descriptor;
  std::size_t workspace_bytes;
  std::vector<CudnnDescriptor> parts;  ///< from which it was made
};

using CudnnSizes = std::array<std::int64_t, 4>;

/// A tensor of a graph, which owns it.
struct CudnnTensor {
  cudnnBackendDescriptor_t descriptor;
  cudnnDataType_t type;
  CudnnSizes sizes;
};

/// How many rows, columns and terms of a product count, read for each matrix from a tensor of lengths.
struct CudnnLengths {
  const CudnnTensor *m = nullptr, *n = nullptr, *k = nullptr;
};

class CudnnGraph {
 public:
  explicit CudnnGraph(const char* who) : who_(who) {}

  /// A tensor in memory, or kBetween. @param offsets where each matrix begins, in elements, one more than there are;
  /// nullptr where the first of the strides says so.
  CudnnTensor tensor(std::int64_t id, cudnnDataType_t type, const CudnnSizes& sizes, const CudnnSizes& strides,
                     const CudnnTensor* offsets = nullptr) {
    CudnnDescriptor descriptor = tensor_descriptor(id, type, sizes, strides);
    if (offsets != nullptr) descriptor.set(CUDNN_ATTR_TENSOR_RAGGED_OFFSET_DESC, offsets->descriptor);
    return add(std::move(descriptor), {nullptr, type, sizes});
  }
  /// A list of numbers in memory.
  CudnnTensor list(std::int64_t id, cudnnDataType_t type, std::int64_t count) {
    return tensor(id, type, {count, 1, 1, 1}, {1, 1, 1, 1});
  }
  /// A float that is passed by value with each run.
  CudnnTensor number(std::int64_t id) {
    CudnnDescriptor descriptor = tensor_descriptor(id, CUDNN_DATA_FLOAT, {1, 1, 1, 1}, {1, 1, 1, 1});
    descriptor.set(CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, true);
    return add(std::move(descriptor), {nullptr, CUDNN_DATA_FLOAT, {1, 1, 1, 1}});
  }
  /// The result of one operation and argument of others. @param transposed whether its columns are contiguous,
  /// and not its rows.
  CudnnTensor between(cudnnDataType_t type, const CudnnSizes& sizes, bool transposed = false) {
    const std::int64_t matrix = sizes[2] * sizes[3];
    return tensor(kBetween, type, sizes,
                  {sizes[1] * matrix, matrix, transposed ? 1 : sizes[3], transposed ? sizes[2] : 1});
  }

  /// y = f(x), f(x, b) or f(x, b, t), computed in y's type, or in float where that is a 16-bit type; b may have sizes
  /// of 1 where x has others. @param axis of CUDNN_POINTWISE_GEN_INDEX. @return y, as all the following.
  CudnnTensor apply(cudnnPointwiseMode_t f, const CudnnTensor& y, const CudnnTensor& x,
                    std::optional<CudnnTensor> b = std::nullopt, std::optional<CudnnTensor> t = std::nullopt,
                    std::optional<std::int64_t> axis = std::nullopt) {
    const bool is_exact = y.type == CUDNN_DATA_INT32 || y.type == CUDNN_DATA_BOOLEAN;
    CudnnDescriptor mode(who_, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    mode.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, f);
    mode.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, is_exact ? y.type : CUDNN_DATA_FLOAT);
    if (axis) mode.set(CUDNN_ATTR_POINTWISE_AXIS, CUDNN_TYPE_INT64, *axis);
    CudnnDescriptor operation(who_, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, finalised(std::move(mode)));
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x.descriptor);
    if (b) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b->descriptor);
    if (t) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_TDESC, t->descriptor);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y.descriptor);
    return add_operation(std::move(operation), y);
  }

  /// y = sum or largest of x along the dimensions where y has a size of 1.
  CudnnTensor reduce(cudnnReduceTensorOp_t f, const CudnnTensor& y, const CudnnTensor& x) {
    CudnnDescriptor mode(who_, CUDNN_BACKEND_REDUCTION_DESCRIPTOR);
    mode.set(CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, f);
    mode.set(CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
    CudnnDescriptor operation(who_, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_REDUCTION_DESC, finalised(std::move(mode)));
    operation.set(CUDNN_ATTR_OPERATION_REDUCTION_XDESC, x.descriptor);
    operation.set(CUDNN_ATTR_OPERATION_REDUCTION_YDESC, y.descriptor);
    return add_operation(std::move(operation), y);
  }

  /// c = a b for the matrices of the last two dimensions, with float sums.
  CudnnTensor multiply(const CudnnTensor& c, const CudnnTensor& a, const CudnnTensor& b, const CudnnLengths& lengths) {
    CudnnDescriptor mode(who_, CUDNN_BACKEND_MATMUL_DESCRIPTOR);
    mode.set(CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
    CudnnDescriptor operation(who_, CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_MATMUL_DESC, finalised(std::move(mode)));
    operation.set(CUDNN_ATTR_OPERATION_MATMUL_ADESC, a.descriptor);
    operation.set(CUDNN_ATTR_OPERATION_MATMUL_BDESC, b.descriptor);
    operation.set(CUDNN_ATTR_OPERATION_MATMUL_CDESC, c.descriptor);
    const auto set = [&](cudnnBackendAttributeName_t attribute, const CudnnTensor* length) {
      if (length != nullptr) operation.set(attribute, length->descriptor);
    };
    set(CUDNN_ATTR_OPERATION_MATMUL_GEMM_M_OVERRIDE_DESC, lengths.m);
    set(CUDNN_ATTR_OPERATION_MATMUL_GEMM_N_OVERRIDE_DESC, lengths.n);
    set(CUDNN_ATTR_OPERATION_MATMUL_GEMM_K_OVERRIDE_DESC, lengths.k);
    return add_operation(std::move(operation), c);
  }

  /// y = x with other sizes and strides; of a transposed one it is the transpose.
  CudnnTensor reshape(const CudnnTensor& y, const CudnnTensor& x) {
    CudnnDescriptor operation(who_, CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_RESHAPE_XDESC, x.descriptor);
    operation.set(CUDNN_ATTR_OPERATION_RESHAPE_YDESC, y.descriptor);
    return add_operation(std::move(operation), y);
  }

  /// The first plan of cuDNN's heuristic that works, which takes ownership of the graph; nothing if there is none.
  std::optional<CudnnPlan> plan(cudnnHandle_t handle) && {
    CudnnDescriptor graph(who_, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, handle);
    graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, std::span(operations_));
    if (!graph.finalise_if_supported()) return std::nullopt;
    CudnnDescriptor heuristic(who_, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristic.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.get());
    heuristic.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, CUDNN_HEUR_MODE_A);
    if (!heuristic.finalise_if_supported()) return std::nullopt;
    for (CudnnDescriptor& configuration : configurations(heuristic)) {
      CudnnDescriptor plan(who_, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, handle);
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration.get());
      if (!plan.finalise_if_supported()) continue;
      std::int64_t bytes = 0;
      plan.get(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, std::span(&bytes, 1));
      parts_.push_back(std::move(graph));
      parts_.push_back(std::move(configuration));
      return CudnnPlan{std::move(plan), static_cast<std::size_t>(bytes), std::move(parts_)};
    }
    return std::nullopt;
  }

  static constexpr std::int64_t kBetween = -1;

 private:
  CudnnDescriptor tensor_descriptor(std::int64_t id, cudnnDataType_t type, const CudnnSizes& sizes,
                                    const CudnnSizes& strides) {
    constexpr std::int64_t kAlignment = 16;
    const bool is_between = id == kBetween;
    CudnnDescriptor descriptor(who_, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    descriptor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, is_between ? next_between_++ : id);
    descriptor.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, is_between);
    descriptor.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type);
    descriptor.set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, std::span(sizes));
    descriptor.set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, std::span(strides));
    descriptor.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, kAlignment);
    return descriptor;
  }

  cudnnBackendDescriptor_t finalised(CudnnDescriptor&& part) {
    part.finalise();
    parts_.push_back(std::move(part));
    return parts_.back().get();
  }

  CudnnTensor add(CudnnDescriptor&& descriptor, CudnnTensor tensor) {
    tensor.descriptor = finalised(std::move(descriptor));
    return tensor;
  }

  CudnnTensor add_operation(CudnnDescriptor&& operation, const CudnnTensor& result) {
    operations_.push_back(finalised(std::move(operation)));
    return result;
  }

  std::vector<CudnnDescriptor> configurations(const CudnnDescriptor& heuristic) const {
    constexpr auto kResults = CUDNN_ATTR_ENGINEHEUR_RESULTS;
    constexpr auto kType = CUDNN_TYPE_BACKEND_DESCRIPTOR;
    const std::size_t count = heuristic.get(kResults, kType, std::span<cudnnBackendDescriptor_t>());
    std::vector<CudnnDescriptor> result;
    std::vector<cudnnBackendDescriptor_t> places;
    for (std::size_t i = 0; i < count; ++i) {
      result.emplace_back(who_, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
      places.push_back(result.back().get());
    }
    if (count > 0)
      result.erase(result.begin() + static_cast<std::ptrdiff_t>(heuristic.get(kResults, kType, std::span(places))),
                   result.end());
    return result;
  }

  const char* who_;
  std::vector<CudnnDescriptor> parts_;
  std::vector<cudnnBackendDescriptor_t> operations_;
  std::int64_t next_between_ = 1000;
};

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
