# tempa_read_version(VARIABLE HEADER PREFIX PART...): reads a version from a header's lines "#define <PREFIX><PART> <number>":
# the numbers of the parts with dots between them.
function(tempa_read_version variable header prefix)
  set(version "")
  foreach(part IN LISTS ARGN)
    file(STRINGS "${header}" line REGEX "^#define ${prefix}${part} [0-9]+")
    string(REGEX MATCH "[0-9]+$" number "${line}")
    list(APPEND version "${number}")
  endforeach()
  list(JOIN version "." version)
  set(${variable} "${version}" PARENT_SCOPE)
endfunction()
