# TEMPA_SANITIZE=address,undefined: the first finding ends the program, and the standard library checks its indices.
set(TEMPA_COMPILE_QUICKLY "")  # an option for code that runs for less time than optimizing it would take
if(TEMPA_SANITIZE)
  set(TEMPA_COMPILE_QUICKLY -O0)
  target_compile_options(tempa_flags INTERFACE -fsanitize=${TEMPA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(tempa_flags INTERFACE -fsanitize=${TEMPA_SANITIZE})
  target_compile_definitions(tempa_flags INTERFACE _GLIBCXX_ASSERTIONS)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC bug 105593 again, in another warning's words.
    target_compile_options(tempa_flags INTERFACE -Wno-uninitialized)
  endif()
endif()
