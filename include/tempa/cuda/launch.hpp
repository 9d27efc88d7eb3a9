// All launchers: the host functions that start kernels, with the names, arguments and meaning of those in cpu/. They
// are templates, declared here and instantiated in kernels/*.cu for the types that they support; other types do not
// link.
#pragma once

#include <tempa/cuda/accumulate.hpp>
#include <tempa/cuda/attention.hpp>
#include <tempa/cuda/batch_norm1d.hpp>
#include <tempa/cuda/bce_fused.hpp>
#include <tempa/cuda/copy.hpp>
#include <tempa/cuda/cross_entropy.hpp>
#include <tempa/cuda/cross_entropy_fused.hpp>
#include <tempa/cuda/dropout.hpp>
#include <tempa/cuda/elementwise.hpp>
#include <tempa/cuda/gather.hpp>
#include <tempa/cuda/gemm.hpp>
#include <tempa/cuda/layer_norm.hpp>
#include <tempa/cuda/layer_norm_fused.hpp>
#include <tempa/cuda/loss_scale.hpp>
#include <tempa/cuda/numeric.hpp>
#include <tempa/cuda/optimizer.hpp>
#include <tempa/cuda/positions.hpp>
#include <tempa/cuda/reduce.hpp>
#include <tempa/cuda/softmax.hpp>
#include <tempa/cuda/tail.hpp>
#include <tempa/cuda/where.hpp>
#include <tempa/device/cuda/convert.hpp>
#include <tempa/device/cuda/fill.hpp>
