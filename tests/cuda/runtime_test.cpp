// Memory, copies, streams, events and graphs of the CUDA runtime layer; kernels are represented by fills and copies.
#include <tempa/core/error.hpp>
#include <tempa/device/cuda/runtime.hpp>

#include "cuda/device_array.hpp"
#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#if defined(TEMPA_CUDA_EMULATED)
#include "emulation/runtime_api.hpp"
#endif

namespace runtime_test {

namespace cuda_runtime_test {

using namespace tempa;
using namespace tempa::cuda;
using Catch::Matchers::Contains;
using tempa::test::DeviceArray;

namespace {

std::vector<std::uint8_t> bytes_of(const void* p, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  copy_to_host(current_backend(0), bytes.data(), p, count);
  return bytes;
}

/// Starts the measurements of a test without what others have cached.
MemoryStats fresh_stats() {
  release_cached_memory(0);
  reset_peak_memory(0);
  return memory_stats(0);
}

TEST_CASE("CUDA devices: properties and errors that say what is there", "[cuda]") {
  REQUIRE(device_count() >= 1);
  CHECK(unavailable_reason().empty());
  const DeviceProperties& device = properties(0);
  CHECK_FALSE(device.name.empty());
  CHECK(device.major >= 7);
  CHECK(device.multiprocessors > 0);
  CHECK(device.total_memory_bytes > 0);
  CHECK(device.shared_memory_per_block_bytes >= 48 * 1024);
  CHECK(&properties(0) == &device);
  for (const int missing : {-1, device_count()}) {
    CHECK_THAT(thrown<DeviceError>([&] { properties(missing); }), Contains("is not there; this machine has"));
    CHECK_THAT(thrown<DeviceError>([&] { allocate(missing, 4); }), Contains("[cuda::allocate] cuda:"));
    CHECK_THROWS_AS(Stream(missing), DeviceError);
  }
}

TEST_CASE("CUDA memory: bytes there and back, filled and copied", "[cuda]") {
  const Backend backend = current_backend(0);
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{100000}}) {
    std::vector<std::uint8_t> bytes(count);
    for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
    const auto a = allocate(0, count), b = allocate(0, count);
    REQUIRE(reinterpret_cast<std::uintptr_t>(a.get()) % 256 == 0);
    copy_to_device(backend, a.get(), bytes.data(), count);
    copy_on_device(backend, b.get(), a.get(), count);
    set_bytes(backend, a.get(), 0x1ff, count / 2);
    CHECK(bytes_of(b.get(), count) == bytes);
    std::fill_n(bytes.begin(), count / 2, std::uint8_t{0xff});
    CHECK(bytes_of(a.get(), count) == bytes);
  }
}

TEST_CASE("CUDA memory: pinned memory is copied in the order of the stream", "[cuda]") {
  const Stream stream;
  const auto pinned = allocate_pinned(1000);
  const auto device = allocate(0, 1000);
  set_bytes(stream.backend(), device.get(), 5, 1000);
  copy_to_host_async(stream.backend(), pinned.get(), device.get(), 1000);
  stream.synchronize();
  const auto* const bytes = static_cast<const std::uint8_t*>(pinned.get());
  CHECK(std::count(bytes, bytes + 1000, 5) == 1000);
}

TEST_CASE("CUDA memory: a block that is given back is used again by its stream", "[cuda]") {
  const MemoryStats before = fresh_stats();
  auto first = allocate(0, 10000);
  void* const address = first.get();
  const std::size_t block = memory_stats(0).allocated_bytes - before.allocated_bytes;
  CHECK(block >= 10000);
  CHECK(block <= 12500);
  first.reset();
  CHECK(memory_stats(0).allocated_bytes == before.allocated_bytes);
  CHECK(memory_stats(0).cached_bytes - before.cached_bytes == block);
  const Stream other;
  {
    const StreamGuard guard(other);
    CHECK(current_backend(0).stream == other.backend().stream);
    CHECK(allocate(0, 10000).get() != address);
  }
  CHECK(current_backend(0).stream == nullptr);
  const auto second = allocate(0, 9990), third = allocate(0, 10000);
  CHECK(second.get() == address);
  CHECK(memory_stats(0).peak_bytes - before.allocated_bytes == 2 * block);
  release_cached_memory(0);
  CHECK(memory_stats(0).cached_bytes == before.cached_bytes);
}

TEST_CASE("CUDA memory: blocks of a stream that has ended are used by the default stream", "[cuda]") {
  fresh_stats();
  void* address = nullptr;
  {
    const Stream stream;
    const StreamGuard guard(stream);
    address = allocate(0, 5000).get();
  }
  CHECK(allocate(0, 5000).get() == address);
}

TEST_CASE("CUDA memory: out of memory says how much, and the process goes on", "[cuda]") {
  const MemoryStats before = fresh_stats();
  const std::string text = thrown<OutOfMemoryError>([] { allocate(0, std::size_t{1} << 50); });
  CHECK_THAT(text, Contains("[cuda::allocate] cuda:0 has not enough memory: asked for 1125899906842624 bytes; ") &&
                       Contains("are in use by tensors"));
  CHECK(memory_stats(0).allocated_bytes == before.allocated_bytes);
  DeviceArray<float> x(std::vector<float>{1, 2, 3});
  CHECK(x.to_vector() == std::vector<float>{1, 2, 3});
}

#if defined(TEMPA_CUDA_EMULATED)
TEST_CASE("CUDA memory: what is cached is given up before memory is said to be out", "[cuda]") {
  fresh_stats();
  emulation::machine().memory_bytes = std::size_t{1} << 20;
  auto most = allocate(0, 700000);
  CHECK_THROWS_AS(allocate(0, 500000), OutOfMemoryError);
  most.reset();
  CHECK_NOTHROW(allocate(0, 500000));
  emulation::reset();
}
#endif

TEST_CASE("CUDA events: order between streams, and time", "[cuda]") {
  const Stream first, second;
  const auto a = allocate(0, 4096), b = allocate(0, 4096);
  Event begin, end;
  begin.record(first.backend());
  set_bytes(first.backend(), a.get(), 9, 4096);
  end.record(first.backend());
  end.wait(second.backend());
  copy_on_device(second.backend(), b.get(), a.get(), 4096);
  second.synchronize();
  CHECK(bytes_of(b.get(), 4096) == std::vector<std::uint8_t>(4096, 9));
  end.synchronize();
  CHECK(end.done());
  CHECK(end.elapsed_ms(begin) >= 0.0f);
  const Event never;
  CHECK_THROWS_AS(never.elapsed_ms(begin), CudaError);
  Event moved = std::move(end);
  CHECK(moved.done());
}

TEST_CASE("CUDA graphs: recorded work runs when launched, with what is in memory then", "[cuda]") {
  const Backend backend = current_backend(0);
  const auto x = allocate(0, 64), y = allocate(0, 64);
  set_bytes(backend, x.get(), 1, 64);
  set_bytes(backend, y.get(), 0, 64);
  synchronize(backend);
  Graph graph;
  CHECK_THROWS_AS(graph.launch(backend), CudaError);
  CHECK_THROWS_AS(graph.end_capture(), CudaError);
  graph.begin_capture();
  CHECK(graph.capturing());
  Graph other;
  CHECK_THROWS_AS(other.begin_capture(), CudaError);
  std::shared_ptr<void> kept;
  {
    const Backend captured = current_backend(0);
    CHECK(captured.stream != backend.stream);
    const auto temporary = allocate(0, 64);
    copy_on_device(captured, temporary.get(), x.get(), 64);
    kept = allocate(0, 64);
    copy_on_device(captured, kept.get(), temporary.get(), 64);
    copy_on_device(captured, y.get(), kept.get(), 64);
  }
  graph.end_capture();
  CHECK(graph.ready());
  CHECK(current_backend(0).stream == backend.stream);
  CHECK(bytes_of(y.get(), 64) == std::vector<std::uint8_t>(64, 0));
  for (const int value : {1, 2}) {
    set_bytes(backend, x.get(), value, 64);
    graph.launch(backend);
    const auto expected = std::vector<std::uint8_t>(64, static_cast<std::uint8_t>(value));
    CHECK(bytes_of(y.get(), 64) == expected);
    CHECK(bytes_of(kept.get(), 64) == expected);
  }
}

TEST_CASE("CUDA graphs: their memory is nobody else's until they are gone", "[cuda]") {
  const MemoryStats before = fresh_stats();
  void* address = nullptr;
  std::shared_ptr<void> kept;
  {
    Graph graph;
    graph.begin_capture();
    address = allocate(0, 3000).get();
    CHECK(allocate(0, 3000).get() == address);  // given back and taken again within the capture
    auto temporary = allocate(0, 3000);
    kept = allocate(0, 3000);
    set_bytes(current_backend(0), kept.get(), 3, 3000);
    set_bytes(current_backend(0), temporary.get(), 4, 3000);
    graph.end_capture();
    temporary.reset();
    release_cached_memory(0);
    CHECK(memory_stats(0).cached_bytes > before.cached_bytes);
    CHECK(allocate(0, 3000).get() != address);
    graph.launch(current_backend(0));
    synchronize(current_backend(0));
  }
  CHECK(bytes_of(kept.get(), 3000) == std::vector<std::uint8_t>(3000, 3));
  kept.reset();
  release_cached_memory(0);
  CHECK(memory_stats(0).cached_bytes == before.cached_bytes);
}

TEST_CASE("CUDA graphs: bytes of the host are repeated as they were, up to a limit", "[cuda]") {
  const Backend backend = current_backend(0);
  const auto y = allocate(0, 5000);
  std::vector<std::uint8_t> bytes(5000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  const auto expected = bytes;
  Graph graph;
  graph.begin_capture();
  copy_to_device(current_backend(0), y.get(), bytes.data(), bytes.size());
  const std::vector<std::uint8_t> many(std::size_t{1} << 17);
  CHECK_THROWS_AS(copy_to_device(current_backend(0), y.get(), many.data(), many.size()), CudaError);
  graph.end_capture();
  bytes.assign(bytes.size(), 0);
  graph.launch(backend);
  CHECK(bytes_of(y.get(), 5000) == expected);
}

TEST_CASE("CUDA graphs: two share a pool, but not what is kept out of it", "[cuda]") {
  const Backend backend = current_backend(0);
  const auto x = allocate(0, 3000);
  Graph first, second;
  first.begin_capture();
  void* const temporary = allocate(0, 3000).get();
  first.end_capture();
  second.begin_capture(&first);
  std::shared_ptr<void> table;
  {
    const OutsideGraph outside;
    CHECK(current_backend(0).stream == backend.stream);
    table = allocate(0, 3000);
    set_bytes(current_backend(0), table.get(), 5, 3000);  // now
  }
  CHECK(current_backend(0).stream != backend.stream);
  {
    const auto again = allocate(0, 3000);
    CHECK(again.get() == temporary);
    set_bytes(current_backend(0), again.get(), 6, 3000);
  }
  copy_on_device(current_backend(0), x.get(), table.get(), 3000);
  second.end_capture();
  CHECK(table.get() != temporary);
  second.launch(backend);
  CHECK(bytes_of(x.get(), 3000) == std::vector<std::uint8_t>(3000, 5));
  const OutsideGraph nothing;  // without a capture it does nothing
  CHECK(current_backend(0).stream == backend.stream);
}

TEST_CASE("CUDA graphs: what cannot be recorded ends the capture with an error", "[cuda]") {
  const Backend backend = current_backend(0);
  DeviceArray<float> x(std::vector<float>{1});
  Graph graph;
  graph.begin_capture();
  float value = 0;
  CHECK_THROWS_AS(copy_to_host(current_backend(0), &value, x.data(), sizeof value), CudaError);
  CHECK_THROWS_AS(graph.end_capture(), CudaError);
  CHECK_FALSE(graph.ready());
  CHECK(current_backend(0).stream == backend.stream);
  CHECK(x.to_vector() == std::vector<float>{1});
  {
    Graph abandoned;
    abandoned.begin_capture();
    set_bytes(current_backend(0), x.data(), 0, sizeof(float));
  }
  CHECK(current_backend(0).stream == backend.stream);
  CHECK(x.to_vector() == std::vector<float>{1});
}

TEST_CASE("CUDA streams: each host thread has a current stream of its own", "[cuda]") {
  const Stream stream;
  const StreamGuard guard(stream);
  void* there = stream.backend().stream;
  std::thread([&] { there = current_backend(0).stream; }).join();
  CHECK(there == nullptr);
  CHECK(current_backend(0).stream == stream.backend().stream);
}

}  // namespace

}  // namespace cuda_runtime_test

}  // namespace runtime_test
