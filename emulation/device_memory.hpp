// The memory of the emulated devices. Under AddressSanitizer the bytes in use are poisoned except while a kernel or
// copy runs, so that the host cannot read a device pointer by mistake, and the others are poisoned always.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>

namespace emulation {

class DeviceMemory {
 public:
  static DeviceMemory& instance();

  /// Null where `limit_bytes` would be passed.
  void* allocate(std::size_t bytes, std::size_t limit_bytes);
  /// Whether `p` was allocated.
  bool release(void* p);
  bool set_bytes_in_use(void* p, std::size_t bytes);
  /// Whether all these bytes are in use in one allocation.
  bool contains(const void* p, std::size_t bytes);
  std::size_t allocated_bytes();

  /// While one lives, the bytes in use can be touched.
  class Access {
   public:
    Access();
    ~Access();
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;
  };

 private:
  struct Block {
    std::size_t bytes, bytes_in_use;
  };

  void open_all();
  void close_all();

  std::mutex mutex_;
  std::map<std::byte*, Block> blocks_;
  std::size_t allocated_bytes_ = 0;
  int accesses_ = 0;
};

}  // namespace emulation
