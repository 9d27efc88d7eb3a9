# The toolchain of 64-bit ARM on another processor: Debian's cross compiler (g++-aarch64-linux-gnu), and qemu-user, which
# runs the programs. Headers that do not depend on the processor are the system's; ARM's libraries are the compiler's and
# those that `scripts/test_arm` has installed.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
find_program(TEMPA_QEMU NAMES qemu-aarch64 qemu-aarch64-static REQUIRED)
mark_as_advanced(TEMPA_QEMU)
set(CMAKE_CROSSCOMPILING_EMULATOR "${TEMPA_QEMU};-L;/usr/aarch64-linux-gnu")

set(CMAKE_FIND_ROOT_PATH "${CMAKE_CURRENT_LIST_DIR}/../build/arm-debian")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
