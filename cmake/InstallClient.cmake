# What `cmake --install` gives to programs: the headers of include/sluice, one static library with everything of ours
# in it (for C++), a shared one with the C interface (for C and what calls C), and how find_package(Sluice) and pkg-config
# find them.
add_library(sluice_sdk STATIC
  $<TARGET_OBJECTS:sluice_client> $<TARGET_OBJECTS:sluice_net> $<TARGET_OBJECTS:sluice_wire> $<TARGET_OBJECTS:sluice_base>)
set_target_properties(sluice_sdk PROPERTIES OUTPUT_NAME sluice_client LINKER_LANGUAGE CXX)
add_library(sluice_shared SHARED cmake/empty.cc)
target_link_libraries(sluice_shared PRIVATE sluice_flags
  "$<LINK_LIBRARY:WHOLE_ARCHIVE,sluice_client>" sluice_net sluice_wire sluice_base)
target_link_options(sluice_shared PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/sluice.map)
set_target_properties(sluice_shared PROPERTIES
  OUTPUT_NAME sluice VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/sluice.map)
configure_file(cmake/SluiceConfig.cmake.in SluiceConfig.cmake @ONLY)
list(TRANSFORM SLUICE_CODEC_NAMES PREPEND -l OUTPUT_VARIABLE SLUICE_CODEC_FLAGS)
list(JOIN SLUICE_CODEC_FLAGS " " SLUICE_CODEC_FLAGS)
configure_file(cmake/sluice-client.pc.in sluice-client.pc @ONLY)
configure_file(cmake/sluice.pc.in sluice.pc @ONLY)
install(TARGETS sluice_sdk ARCHIVE DESTINATION lib COMPONENT client)
install(TARGETS sluice_shared LIBRARY DESTINATION lib COMPONENT client)
install(DIRECTORY include/sluice DESTINATION include COMPONENT client)
install(FILES ${CMAKE_BINARY_DIR}/SluiceConfig.cmake DESTINATION lib/cmake/Sluice COMPONENT client)
install(FILES ${CMAKE_BINARY_DIR}/sluice-client.pc ${CMAKE_BINARY_DIR}/sluice.pc DESTINATION lib/pkgconfig COMPONENT client)
if(SLUICE_TESTS AND NOT SLUICE_SANITIZE)
  # A program outside the tree is built without sanitizers.
  add_test(NAME install_client COMMAND ${CMAKE_SOURCE_DIR}/tests/install/run ${CMAKE_BINARY_DIR})
  set_tests_properties(install_client PROPERTIES LABELS install TIMEOUT 120 ENVIRONMENT "CXX=${CMAKE_CXX_COMPILER}")
endif()
