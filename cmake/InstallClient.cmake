# What `cmake --install` gives to programs: the headers of include/sluice, one static library with everything of ours
# in it, and how find_package(Sluice) and pkg-config find them.
add_library(sluice_sdk STATIC
  $<TARGET_OBJECTS:sluice_client> $<TARGET_OBJECTS:sluice_net> $<TARGET_OBJECTS:sluice_wire> $<TARGET_OBJECTS:sluice_base>)
set_target_properties(sluice_sdk PROPERTIES OUTPUT_NAME sluice_client LINKER_LANGUAGE CXX)
configure_file(cmake/SluiceConfig.cmake.in SluiceConfig.cmake @ONLY)
configure_file(cmake/sluice-client.pc.in sluice-client.pc @ONLY)
install(TARGETS sluice_sdk ARCHIVE DESTINATION lib COMPONENT client)
install(DIRECTORY include/sluice DESTINATION include COMPONENT client)
install(FILES ${CMAKE_BINARY_DIR}/SluiceConfig.cmake DESTINATION lib/cmake/Sluice COMPONENT client)
install(FILES ${CMAKE_BINARY_DIR}/sluice-client.pc DESTINATION lib/pkgconfig COMPONENT client)
if(SLUICE_TESTS AND NOT SLUICE_SANITIZE)
  # A program outside the tree is built without sanitizers.
  add_test(NAME install_client COMMAND ${CMAKE_SOURCE_DIR}/tests/install/run ${CMAKE_BINARY_DIR})
  set_tests_properties(install_client PROPERTIES LABELS install TIMEOUT 120 ENVIRONMENT "CXX=${CMAKE_CXX_COMPILER}")
endif()
