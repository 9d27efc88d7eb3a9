# tempa's dependencies: sets TEMPA_TARGETS (to link), TEMPA_DEFINITIONS, and TEMPA_LIBRARIES (found by tempa_find_library).
include(${CMAKE_CURRENT_LIST_DIR}/tempa_find_library.cmake)

foreach(feature IN ITEMS "ONEDNN;fast matrix products by oneDNN" "SENTENCEPIECE;vocabulary training by sentencepiece"
                         "MECAB;Japanese words by MeCab" "CAIRO;PNG pictures by cairo, pango and libpng"
                         "OPENMP;loops vectorised by OpenMP's simd, and oneDNN's threads held back")
  list(POP_FRONT feature name text)
  set(TEMPA_WITH_${name} AUTO CACHE STRING "${text}: AUTO (when found, and of use here), ON (or stop) or OFF")
  set_property(CACHE TEMPA_WITH_${name} PROPERTY STRINGS AUTO ON OFF)
endforeach()

set(TEMPA_DEFINITIONS "")
set(TEMPA_TARGETS "")
set(TEMPA_LIBRARIES "")

# find_package, with the target made visible to the project that adds tempa as a subdirectory.
macro(tempa_find_package package target)
  if(NOT TARGET ${target})
    find_package(${package} ${ARGN})
    if(TARGET ${target})
      set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
    endif()
  endif()
  if(TARGET ${target})
    list(APPEND TEMPA_TARGETS ${target})
  endif()
endmacro()

# An optional feature: with ON it is an error if it is missing, with AUTO it is left out.
function(tempa_missing name text)
  if(NOT TEMPA_WITH_${name} STREQUAL "AUTO")
    message(FATAL_ERROR "TEMPA_WITH_${name} is ${TEMPA_WITH_${name}}, but ${text} was not found. "
                        "Install it, name its folder in CMAKE_PREFIX_PATH, or set TEMPA_WITH_${name} to AUTO or OFF.")
  endif()
endfunction()

function(tempa_missing_required text)
  message(FATAL_ERROR "tempa needs ${text}. Install it, or name its folder in CMAKE_PREFIX_PATH.")
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
tempa_find_package(Threads Threads::Threads REQUIRED)
tempa_find_package(nlohmann_json nlohmann_json::nlohmann_json QUIET CONFIG)
if(NOT TARGET nlohmann_json::nlohmann_json)
  tempa_missing_required("nlohmann-json (Debian: nlohmann-json3-dev)")
endif()
tempa_find_library(utf8proc)
if(NOT TARGET tempa::utf8proc)
  tempa_missing_required("utf8proc (Debian: libutf8proc-dev)")
endif()
list(APPEND TEMPA_LIBRARIES utf8proc)

if(TEMPA_WITH_OPENMP)
  tempa_find_package(OpenMP OpenMP::OpenMP_CXX QUIET COMPONENTS CXX)
  if(NOT TARGET OpenMP::OpenMP_CXX)
    tempa_missing(OPENMP "OpenMP for this compiler")
  endif()
endif()
# oneDNN is fast only on x86; elsewhere it has plain loops, and tempa's own kernels are used. Without OpenMP its number of
# threads could not be limited, which is needed for the same bits with any number of threads.
set(avoided "")
if(TEMPA_WITH_ONEDNN STREQUAL "AUTO" AND NOT (TARGET OpenMP::OpenMP_CXX AND TEMPA_WITH_OPENMP
                                              AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|[Aa][Mm][Dd]64)$"))
  set(avoided ONEDNN)
elseif(TEMPA_WITH_ONEDNN AND NOT (TARGET OpenMP::OpenMP_CXX AND TEMPA_WITH_OPENMP))
  message(FATAL_ERROR "TEMPA_WITH_ONEDNN is ${TEMPA_WITH_ONEDNN}, but there is no OpenMP, by which oneDNN is held to one thread a "
                      "product. Set TEMPA_WITH_ONEDNN to AUTO or OFF, or install OpenMP for this compiler.")
endif()
foreach(name IN ITEMS ONEDNN SENTENCEPIECE MECAB CAIRO)
  if(TEMPA_WITH_${name} AND NOT name IN_LIST avoided)
    string(TOLOWER "${name}" library)
    tempa_find_library(${library})
    if(NOT TARGET tempa::${library})
      tempa_missing(${name} ${library})
    else()
      list(APPEND TEMPA_LIBRARIES ${library})
      list(APPEND TEMPA_DEFINITIONS TEMPA_WITH_${name}=1)
    endif()
  endif()
endforeach()
list(TRANSFORM TEMPA_LIBRARIES PREPEND tempa:: OUTPUT_VARIABLE found)
list(APPEND TEMPA_TARGETS ${found})
