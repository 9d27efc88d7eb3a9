// The functions of device code: barriers, warp shuffles and votes, atomics, fast mathematics.
#pragma once

#include "emulation/execution.hpp"
#include "emulation/shared_memory.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <type_traits>
#include <utility>

namespace emulation {

/// Each lane gives a value and takes that of the lane which `source(lane)` names.
template <typename T>
struct Shuffle {
  T value;
  unsigned source;

  static void carry_out(void* const* lanes, unsigned mask) {
    T values[32];
    for (unsigned lane = 0; lane < 32; ++lane)
      if ((mask >> lane & 1u) != 0) values[lane] = static_cast<Shuffle*>(lanes[lane])->value;
    for (unsigned lane = 0; lane < 32; ++lane) {
      if ((mask >> lane & 1u) == 0) continue;
      auto& mine = *static_cast<Shuffle*>(lanes[lane]);
      if ((mask >> mine.source & 1u) == 0)
        stop_kernel(Fault::kLaunch, "shuffles: lane " + std::to_string(lane) + " reads lane " +
                                        std::to_string(mine.source) + ", which is not in the mask");
      mine.value = values[mine.source];
    }
  }
  static constexpr Collective kCollective{"a __shfl_*_sync", &carry_out};
};

template <typename T>
T shuffle(unsigned mask, T value, unsigned source, const Where& where) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  Shuffle<T> mine{value, source};
  meet(Shuffle<T>::kCollective, mask, &mine, where);
  return mine.value;
}

/// All lanes of the mask combine their values in the order of the lanes.
template <typename T, typename Combine>
struct Reduction {
  T value;

  static void carry_out(void* const* lanes, unsigned mask) {
    T total{};
    bool first = true;
    for (unsigned lane = 0; lane < 32; ++lane) {
      if ((mask >> lane & 1u) == 0) continue;
      const T value = static_cast<Reduction*>(lanes[lane])->value;
      total = std::exchange(first, false) ? value : Combine{}(total, value);
    }
    for (unsigned lane = 0; lane < 32; ++lane)
      if ((mask >> lane & 1u) != 0) static_cast<Reduction*>(lanes[lane])->value = total;
  }
  static constexpr Collective kCollective{"a __reduce_*_sync", &carry_out};
};

template <typename Combine, typename T>
T reduce(unsigned mask, T value, const Where& where) {
  Reduction<T, Combine> mine{value};
  meet(Reduction<T, Combine>::kCollective, mask, &mine, where);
  return mine.value;
}

struct Minimum {
  template <typename T>
  T operator()(T a, T b) const {
    return std::min(a, b);
  }
};
struct Maximum {
  template <typename T>
  T operator()(T a, T b) const {
    return std::max(a, b);
  }
};

/// value = combine(value, that of lane ^ distance), for the distances kLanes / 2 … 1: all five shuffles in one meeting.
template <int kLanes, typename T, typename Combine>
struct Butterfly {
  T value;
  Combine combine;

  static void carry_out(void* const* lanes, unsigned) {
    T values[2][32];
    int now = 0;
    for (unsigned lane = 0; lane < 32; ++lane) values[now][lane] = static_cast<Butterfly*>(lanes[lane])->value;
    for (unsigned distance = kLanes / 2; distance > 0; distance /= 2, now ^= 1)
      for (unsigned lane = 0; lane < 32; ++lane)
        values[now ^ 1][lane] =
            static_cast<Butterfly*>(lanes[lane])->combine(values[now][lane], values[now][lane ^ distance]);
    for (unsigned lane = 0; lane < 32; ++lane) static_cast<Butterfly*>(lanes[lane])->value = values[now][lane];
  }
  static constexpr Collective kCollective{"a reduction of the warp", &carry_out};
};

template <int kLanes, typename T, typename Combine>
T butterfly(T value, Combine combine, const Where& where = Where::current()) {
  Butterfly<kLanes, T, Combine> mine{value, combine};
  meet(Butterfly<kLanes, T, Combine>::kCollective, 0xffffffffu, &mine, where);
  return mine.value;
}

struct Ballot {
  unsigned value;  ///< the lane's vote, then all of them

  static void carry_out(void* const* lanes, unsigned mask) {
    unsigned votes = 0;
    for (unsigned lane = 0; lane < 32; ++lane)
      if ((mask >> lane & 1u) != 0) votes |= static_cast<Ballot*>(lanes[lane])->value << lane;
    for (unsigned lane = 0; lane < 32; ++lane)
      if ((mask >> lane & 1u) != 0) static_cast<Ballot*>(lanes[lane])->value = votes;
  }
  static constexpr Collective kCollective{"a vote of the warp", &carry_out};
};

inline void warp_barrier_now(void* const*, unsigned) { shared_memory().warp_barrier(thread_number() / 32); }
inline constexpr Collective kWarpBarrier{"__syncwarp", &warp_barrier_now};

/// Stops the kernel unless `p` is aligned as a load or store of `bytes` must be.
inline void check_alignment(const void* p, std::size_t bytes) {
  if (reinterpret_cast<std::uintptr_t>(p) % bytes != 0)
    stop_kernel(Fault::kMisaligned,
                "accesses " + std::to_string(bytes) + " bytes of device memory that are not aligned");
}

template <typename T, typename F>
T update(T* p, F f) {
  check_alignment(p, sizeof(T));
  const T before = *p;
  *p = f(before);
  return before;
}
template <typename T, typename F>
T update(const SharedPointer<T>& p, F f) {
  std::byte* const bytes = shared_memory().update(p.offset(), sizeof(T));
  T before;
  std::memcpy(&before, bytes, sizeof(T));
  const T after = f(before);
  std::memcpy(bytes, &after, sizeof(T));
  return before;
}

template <typename P>
struct Pointee;
template <typename T>
struct Pointee<T*> : std::type_identity<T> {};
template <typename T>
struct Pointee<SharedPointer<T>> : std::type_identity<T> {};
template <typename P>
using Value = typename Pointee<P>::type;

}  // namespace emulation

inline void __syncthreads(emulation::Where where = emulation::Where::current()) { emulation::block_barrier(where); }
inline int __syncthreads_count(int vote, emulation::Where where = emulation::Where::current()) {
  return static_cast<int>(emulation::block_count(vote != 0, where));
}
inline int __syncthreads_or(int vote, emulation::Where where = emulation::Where::current()) {
  return emulation::block_count(vote != 0, where) != 0 ? 1 : 0;
}
inline int __syncthreads_and(int vote, emulation::Where where = emulation::Where::current()) {
  return emulation::block_count(vote == 0, where) == 0 ? 1 : 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu, emulation::Where where = emulation::Where::current()) {
  emulation::meet(emulation::kWarpBarrier, mask, nullptr, where);
}
inline void __threadfence() {}
inline void __threadfence_block() {}

template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              emulation::Where where = emulation::Where::current()) {
  const unsigned lane = emulation::lane_number(), w = static_cast<unsigned>(width);
  return emulation::shuffle(mask, value, lane / w * w + static_cast<unsigned>(source) % w, where);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                  emulation::Where where = emulation::Where::current()) {
  const unsigned lane = emulation::lane_number(), w = static_cast<unsigned>(width);
  const unsigned source = lane ^ static_cast<unsigned>(lanes);
  return emulation::shuffle(mask, value, source / w <= lane / w ? source : lane, where);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned lanes, int width = 32,
                   emulation::Where where = emulation::Where::current()) {
  const unsigned lane = emulation::lane_number(), w = static_cast<unsigned>(width);
  return emulation::shuffle(mask, value, lane % w + lanes < w ? lane + lanes : lane, where);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned lanes, int width = 32,
                 emulation::Where where = emulation::Where::current()) {
  const unsigned lane = emulation::lane_number(), w = static_cast<unsigned>(width);
  return emulation::shuffle(mask, value, lane % w >= lanes ? lane - lanes : lane, where);
}
inline unsigned __ballot_sync(unsigned mask, int vote, emulation::Where where = emulation::Where::current()) {
  emulation::Ballot mine{vote != 0 ? 1u : 0u};
  emulation::meet(emulation::Ballot::kCollective, mask, &mine, where);
  return mine.value;
}
inline int __any_sync(unsigned mask, int vote, emulation::Where where = emulation::Where::current()) {
  return __ballot_sync(mask, vote, where) != 0 ? 1 : 0;
}
inline int __all_sync(unsigned mask, int vote, emulation::Where where = emulation::Where::current()) {
  return __ballot_sync(mask, vote, where) == mask ? 1 : 0;
}
template <typename T>
T __reduce_add_sync(unsigned mask, T value, emulation::Where where = emulation::Where::current()) {
  return emulation::reduce<std::plus<>>(mask, value, where);
}
template <typename T>
T __reduce_min_sync(unsigned mask, T value, emulation::Where where = emulation::Where::current()) {
  return emulation::reduce<emulation::Minimum>(mask, value, where);
}
template <typename T>
T __reduce_max_sync(unsigned mask, T value, emulation::Where where = emulation::Where::current()) {
  return emulation::reduce<emulation::Maximum>(mask, value, where);
}

// Threads of a block take turns, so that an ordinary update is atomic. As in CUDA they return the former value.
template <typename P>
emulation::Value<P> atomicAdd(P p, emulation::Value<P> x) {
  return emulation::update(p, [x](auto value) { return value + x; });
}
template <typename P>
emulation::Value<P> atomicMin(P p, emulation::Value<P> x) {
  return emulation::update(p, [x](auto value) { return std::min(value, x); });
}
template <typename P>
emulation::Value<P> atomicMax(P p, emulation::Value<P> x) {
  return emulation::update(p, [x](auto value) { return std::max(value, x); });
}
template <typename P>
emulation::Value<P> atomicOr(P p, emulation::Value<P> x) {
  return emulation::update(p, [x](auto value) { return value | x; });
}
template <typename P>
emulation::Value<P> atomicExch(P p, emulation::Value<P> x) {
  return emulation::update(p, [x](auto) { return x; });
}
template <typename P>
emulation::Value<P> atomicCAS(P p, emulation::Value<P> expected, emulation::Value<P> x) {
  return emulation::update(p, [=](auto value) { return value == expected ? x : value; });
}

template <typename T>
T __ldg(const T* p) {
  return *p;
}

inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fsqrt_rn(float x) { return std::sqrt(x); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __dadd_rn(double a, double b) { return a + b; }
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
inline double rsqrt(double x) { return 1.0 / std::sqrt(x); }
inline float __saturatef(float x) { return std::min(std::max(x, 0.0f), 1.0f); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline int __popc(unsigned x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>((std::uint64_t{a} * b) >> 32); }
