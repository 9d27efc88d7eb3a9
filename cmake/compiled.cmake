# tempa::compiled: tempa::tempa, or tempa::cuda if it exists, with operations, kernels and models compiled once
# for float, double, bfloat16 and float16. A program of several files, or one that is compiled often, links it instead:
# each of its files then compiles in a fraction of the time. It is built only if something links it.
file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/compiled/*.cpp")
add_library(tempa_compiled STATIC EXCLUDE_FROM_ALL ${sources})
add_library(tempa::compiled ALIAS tempa_compiled)
if(TARGET tempa::cuda)
  target_link_libraries(tempa_compiled PUBLIC tempa_cuda)
else()
  target_link_libraries(tempa_compiled PUBLIC tempa)
endif()
target_compile_options(tempa_compiled PRIVATE ${TEMPA_COMPILE_QUICKLY})
target_compile_definitions(tempa_compiled PUBLIC "$<$<COMPILE_LANGUAGE:CXX>:TEMPA_COMPILED>")
if(PROJECT_IS_TOP_LEVEL)
  target_link_libraries(tempa_compiled PRIVATE tempa_flags)
endif()
