# cmake -DPROGRAM=fuzz -DRUNS=N -DOUTPUT=FILE -P add_tests.cmake: writes a CTest file with a test for each of the targets.
execute_process(COMMAND "${PROGRAM}" --list OUTPUT_VARIABLE targets ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[a-z_]+" targets "${targets}")
get_filename_component(folder "${PROGRAM}" DIRECTORY)
set(environment "")
if(IS_DIRECTORY /dev/shm)  # some targets write files
  set(environment " ENVIRONMENT TMPDIR=/dev/shm")
endif()
set(text "")
foreach(target IN LISTS targets)
  string(APPEND text
    "add_test([=[fuzz/${target}]=] [=[${PROGRAM}]=] --target=${target} --repeatable -seed=1 -runs=${RUNS}"
    " -timeout=60 [=[-artifact_prefix=${folder}/finding-${target}-]=])\n"
    "set_tests_properties([=[fuzz/${target}]=] PROPERTIES LABELS fuzz TIMEOUT 300${environment})\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
