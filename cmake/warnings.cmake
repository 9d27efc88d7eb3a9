# Warnings of tempa's own programs; other people's headers are system headers. nvcc knows none of these options.
target_compile_options(tempa_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow>")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms after inlining: AVX-512 intrinsics (GCC bug 105593) and operators of std::string (105329, 105651, 105762).
  target_compile_options(tempa_flags INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds;-Wno-maybe-uninitialized;-Wno-restrict;-Wno-stringop-overflow>")
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # A loop that is not vectorized is not a mistake, and which ones are depends on the optimization level.
  target_compile_options(tempa_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-Wno-pass-failed>")
endif()
if(TEMPA_WARNINGS_AS_ERRORS)
  target_compile_options(tempa_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-Werror>")
endif()
