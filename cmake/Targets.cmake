# One folder of src/ is one target and one namespace. sluice_folder(NAME core|rim LINKS ...) makes
#   sluice_NAME        from every *.cc of the folder but the tests
#   sluice_NAME_test   from every *_test.cc
# main/ is left to the folder's own CMakeLists.txt: a program's entry point is no part of a library.
# A folder sees only the headers below src/, and `./dev lint` refuses includes that its LINKS do not allow. ONLY wire/record
# narrows a link for that check: of wire, only what is below wire/record may be included. SHARED: its code is also part of a
# shared library (InstallClient.cmake). EXCEPT: sources that this build leaves out.

add_library(sluice_flags INTERFACE)
target_include_directories(sluice_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
target_compile_options(sluice_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Wimplicit-fallthrough
  -Wthread-safety -Wno-c99-designator -Wno-missing-field-initializers -fno-omit-frame-pointer)
target_compile_definitions(sluice_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8 SPDLOG_FMT_EXTERNAL)
target_link_options(sluice_flags INTERFACE -fuse-ld=lld)
if(SLUICE_SANITIZE)
  target_compile_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
endif()
if(SLUICE_FUZZ)
  target_compile_options(sluice_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(sluice_folder name kind)
  cmake_parse_arguments(ARG "SHARED" "" "LINKS;ONLY;USES;EXCEPT" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/src/${name}/main/")
  list(TRANSFORM ARG_EXCEPT PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  list(REMOVE_ITEM sources ${ARG_EXCEPT})
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  add_library(sluice_${name} STATIC ${sources} ${CMAKE_SOURCE_DIR}/cmake/empty.cc)
  set_target_properties(sluice_${name} PROPERTIES POSITION_INDEPENDENT_CODE ${ARG_SHARED})
  target_link_libraries(sluice_${name} PUBLIC sluice_flags ${ARG_LINKS} ${ARG_USES})
  if(SLUICE_TESTS AND tests)
    add_executable(sluice_${name}_test ${tests})
    target_link_libraries(sluice_${name}_test PRIVATE sluice_${name} GTest::gtest GTest::gmock GTest::gtest_main)
    gtest_discover_tests(sluice_${name}_test PROPERTIES LABELS unit DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
