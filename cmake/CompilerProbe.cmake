# Refuses a compiler that miscompiles coroutines. g++ 12, Debian 12's default, destroys temporaries beside a
# co_await twice, silently; the probe runs such an expression and counts.
try_run(SLUICE_PROBE_RUN SLUICE_PROBE_BUILD
        ${CMAKE_BINARY_DIR}/probe ${CMAKE_CURRENT_LIST_DIR}/coroutine_probe.cc
        CMAKE_FLAGS -DCMAKE_CXX_STANDARD=23 -DCMAKE_CXX_STANDARD_REQUIRED=ON
        CXX_STANDARD 23 CXX_STANDARD_REQUIRED ON
        COMPILE_OUTPUT_VARIABLE SLUICE_PROBE_LOG RUN_OUTPUT_VARIABLE SLUICE_PROBE_OUT)
if(NOT SLUICE_PROBE_BUILD OR NOT SLUICE_PROBE_RUN EQUAL 0)
  message(FATAL_ERROR
    "${CMAKE_CXX_COMPILER} ${CMAKE_CXX_COMPILER_VERSION} cannot build Sluice: it does not compile C++23 coroutines "
    "correctly (cmake/coroutine_probe.cc shows what is expected).\n"
    "Use clang 19: `./dev deps` installs it and `./dev build` chooses it.\n${SLUICE_PROBE_LOG}\n${SLUICE_PROBE_OUT}")
endif()
