// What stands in for ldmatrix, mma.sync and cp.async. See kernels/device/tensor_core.cuh for the layouts.
#pragma once

#include "emulation/intrinsics.hpp"
#include "emulation/shared_memory.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace emulation {

using Row = std::array<std::uint16_t, 8>;  // of an 8x8 matrix of 16-bit elements

/// ldmatrix: each lane brings the row that it names and takes its registers.
template <int kMatrices, bool kTransposed>
struct MatrixLoad {
  Row row;
  std::array<std::uint32_t, kMatrices> registers;

  static void carry_out(void* const* lanes, unsigned) {
    for (unsigned lane = 0; lane < 32; ++lane) {
      auto& mine = *static_cast<MatrixLoad*>(lanes[lane]);
      const unsigned g = lane / 4, t = lane % 4;
      for (unsigned i = 0; i < kMatrices; ++i) {
        const auto element = [&](unsigned r, unsigned column) -> std::uint32_t {
          return static_cast<MatrixLoad*>(lanes[8 * i + r])->row[column];
        };
        mine.registers[i] = kTransposed ? element(2 * t, g) | element(2 * t + 1, g) << 16
                                        : element(g, 2 * t) | element(g, 2 * t + 1) << 16;
      }
    }
  }
  static constexpr Collective kCollective{"ldmatrix", &carry_out};
};

template <int kMatrices, bool kTransposed>
void load_matrices(std::uint32_t (&registers)[kMatrices], const SharedPointer<const uint4>& row,
                   const Where& where = Where::current()) {
  using Load = MatrixLoad<kMatrices, kTransposed>;
  Load mine{};
  if (lane_number() < 8 * kMatrices)
    std::memcpy(&mine.row, shared_memory().read(row.offset(), sizeof mine.row), sizeof mine.row);
  meet(Load::kCollective, 0xffffffffu, &mine, where);
  std::memcpy(registers, &mine.registers, sizeof mine.registers);
}

/// mma.m16n8k16: each lane brings its registers of A, B and C and takes its sums.
template <typename T>
struct MatrixProduct {
  const std::uint32_t* a;
  const std::uint32_t* b;
  float* c;

  static float half_of(std::uint32_t pair, unsigned i) {
    return static_cast<float>(T::from_bits(static_cast<std::uint16_t>(pair >> 16 * i)));
  }

  static void carry_out(void* const* lanes, unsigned) {
    float a[16][16], b[16][8];
    for (unsigned lane = 0; lane < 32; ++lane) {
      const auto& mine = *static_cast<MatrixProduct*>(lanes[lane]);
      const unsigned g = lane / 4, t = lane % 4;
      for (unsigned i = 0; i < 2; ++i) {
        for (unsigned r = 0; r < 4; ++r) a[g + r % 2 * 8][2 * t + r / 2 * 8 + i] = half_of(mine.a[r], i);
        for (unsigned r = 0; r < 2; ++r) b[2 * t + r * 8 + i][g] = half_of(mine.b[r], i);
      }
    }
    for (unsigned lane = 0; lane < 32; ++lane) {
      const auto& mine = *static_cast<MatrixProduct*>(lanes[lane]);
      for (unsigned r = 0; r < 4; ++r) {
        const unsigned row = lane / 4 + r / 2 * 8, column = lane % 4 * 2 + r % 2;
        float sum = mine.c[r];
        for (unsigned k = 0; k < 16; ++k) sum += a[row][k] * b[k][column];
        mine.c[r] = sum;
      }
    }
  }
  static constexpr Collective kCollective{"mma.m16n8k16", &carry_out};
};

template <typename T>
void multiply_matrices(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                       const Where& where = Where::current()) {
  MatrixProduct<T> mine{a, b, c};
  meet(MatrixProduct<T>::kCollective, 0xffffffffu, &mine, where);
}

/// cp.async: the bytes are moved by the wait, as late as a GPU may, so that a wait that is missing is found. Until then
/// nobody may read the place.
void begin_copy(const SharedPointer<uint4>& to, const void* from, int bytes);
void commit_copies();
void wait_for_copies(int pending_groups);

}  // namespace emulation
