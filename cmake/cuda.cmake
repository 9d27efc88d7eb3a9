# tempa::cuda: the headers with TEMPA_WITH_CUDA, and the kernels as a static library.
#   TEMPA_BUILD_CUDA      kernels/*.cu compiled by nvcc
#   TEMPA_CUDA_EMULATED   the same files compiled by the host compiler against tests/emulation, for tests without a GPU
option(TEMPA_CUDA_EMULATED "Build tempa::cuda on an emulation of CUDA's execution model (for tests; very slow)" OFF)
option(TEMPA_CUDA_RESOURCE_USAGE "Let ptxas print registers, shared memory and spills of each kernel" OFF)
if(TEMPA_BUILD_CUDA AND TEMPA_CUDA_EMULATED)
  message(FATAL_ERROR "TEMPA_BUILD_CUDA and TEMPA_CUDA_EMULATED exclude each other: tempa::cuda is compiled by nvcc or by the host compiler.")
endif()

# tempa_cuda_sources(TARGET FILE...): sources of CUDA C++, compiled as the kernels are.
function(tempa_cuda_sources target)
  target_sources(${target} PRIVATE ${ARGN})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(${target} PRIVATE TEMPA_WITH_CUDA EIGEN_NO_CUDA)
  if(TEMPA_CUDA_EMULATED)
    set_source_files_properties(${ARGN} TARGET_DIRECTORY ${target} PROPERTIES
      LANGUAGE CXX COMPILE_OPTIONS "-Wno-unknown-pragmas" SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
    target_compile_features(${target} PRIVATE cxx_std_20)
    # tempa's own warnings and sanitizers. Not by linking: tempa_own links the kernels.
    target_compile_options(${target} PRIVATE "$<TARGET_PROPERTY:tempa_own,INTERFACE_COMPILE_OPTIONS>")
    target_compile_definitions(${target} PRIVATE TEMPA_CUDA_EMULATED "$<TARGET_PROPERTY:tempa_own,INTERFACE_COMPILE_DEFINITIONS>")
  else()
    set_source_files_properties(${ARGN} TARGET_DIRECTORY ${target} PROPERTIES LANGUAGE CUDA)
    set_target_properties(${target} PROPERTIES CUDA_ARCHITECTURES "${TEMPA_CUDA_ARCHITECTURES}" CUDA_RUNTIME_LIBRARY Static)
    # The language is an option and no CUDA_STANDARD: CMake knows the one for C++20 only since 3.26.
    target_compile_options(${target} PRIVATE
      "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--expt-relaxed-constexpr;-Xcompiler=-Wall,-Wextra>")
    if(TEMPA_WARNINGS_AS_ERRORS)
      target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:--Werror=all-warnings;-Xcompiler=-Werror>")
    endif()
    if(TEMPA_CUDA_RESOURCE_USAGE)
      target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:--resource-usage>")
    endif()
  endif()
endfunction()

if(TEMPA_BUILD_CUDA OR TEMPA_CUDA_EMULATED)
  file(GLOB kernels CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/kernels/*.cu")
  if(TEMPA_BUILD_CUDA)
    find_package(CUDAToolkit 12 REQUIRED)
    # sm_80 with its PTX, which newer devices compile for themselves, and Hopper with what only it has (wgmma, TMA).
    set(TEMPA_CUDA_ARCHITECTURES "80;90a-real" CACHE STRING "CMAKE_CUDA_ARCHITECTURES of the kernels")
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES "${TEMPA_CUDA_ARCHITECTURES}")
    endif()
    enable_language(CUDA)
  endif()

  add_library(tempa_kernels STATIC)
  tempa_cuda_sources(tempa_kernels ${kernels})
  set_target_properties(tempa_kernels PROPERTIES POSITION_INDEPENDENT_CODE ON EXPORT_NAME kernels)

  add_library(tempa_cuda INTERFACE)
  add_library(tempa::cuda ALIAS tempa_cuda)
  target_compile_definitions(tempa_cuda INTERFACE TEMPA_WITH_CUDA)
  # A program's own .cu files: #include <kernels/common.cuh>
  target_include_directories(tempa_cuda INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>"
                                                  "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/tempa-cuda>")
  target_compile_options(tempa_cuda INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr>")
  target_link_libraries(tempa_cuda INTERFACE tempa tempa_kernels)
  set_target_properties(tempa_cuda PROPERTIES EXPORT_NAME cuda)

  if(TEMPA_BUILD_CUDA)
    # The toolkit's headers are for the kernels alone: users of tempa::cuda see none of them.
    target_link_libraries(tempa_kernels PRIVATE CUDA::cudart_static ${CMAKE_DL_LIBS})
    if(TEMPA_CUDA_ARCHITECTURES MATCHES "90a")
      target_compile_definitions(tempa_kernels PRIVATE TEMPA_WITH_SM90A)
    endif()
    if(TARGET CUDA::cublasLt)
      target_compile_definitions(tempa_kernels PRIVATE TEMPA_WITH_CUBLASLT=1)
      target_link_libraries(tempa_kernels PRIVATE CUDA::cublasLt)
    endif()
  else()
    find_package(Boost 1.70 QUIET COMPONENTS context)
    if(NOT TARGET Boost::context)
      message(FATAL_ERROR "TEMPA_CUDA_EMULATED needs Boost.Context (Debian: libboost-context-dev).")
    endif()
    file(GLOB emulation CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/emulation/*.cpp")
    target_sources(tempa_kernels PRIVATE ${emulation})
    target_compile_definitions(tempa_cuda INTERFACE TEMPA_CUDA_EMULATED)
    target_link_libraries(tempa_kernels PRIVATE Boost::context)
  endif()
endif()
