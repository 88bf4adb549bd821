# What cmake --install installs. Nothing in it knows where it was built or installed to, so that the
# installed tree can be moved.
include(CMakePackageConfigHelpers)

install(DIRECTORY include/sngp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The two libraries are exported apart: the static one needs the libraries behind it, the shared one
# must not ask its users for them.
install(TARGETS sngp_shared EXPORT sngpSharedTargets)
install(TARGETS sngp_static EXPORT sngpStaticTargets)
if(TARGET sngp_cli)
  file(RELATIVE_PATH SNGP_BIN_TO_LIB ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  set_target_properties(sngp_cli PROPERTIES INSTALL_RPATH "$ORIGIN/${SNGP_BIN_TO_LIB}")
  install(TARGETS sngp_cli)
endif()

set(SNGP_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/sngp)
install(EXPORT sngpSharedTargets NAMESPACE sngp:: DESTINATION ${SNGP_CMAKEDIR})
install(EXPORT sngpStaticTargets NAMESPACE sngp:: DESTINATION ${SNGP_CMAKEDIR})
configure_package_config_file(cmake/sngpConfig.cmake.in ${PROJECT_BINARY_DIR}/sngpConfig.cmake
                              INSTALL_DESTINATION ${SNGP_CMAKEDIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sngpConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sngpConfig.cmake ${PROJECT_BINARY_DIR}/sngpConfigVersion.cmake
              cmake/sngpDependencies.cmake
        DESTINATION ${SNGP_CMAKEDIR})

# pkg-config: the prefix is found from where the file lies, unless a directory was given absolutely.
set(SNGP_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR} OR IS_ABSOLUTE ${CMAKE_INSTALL_INCLUDEDIR})
  set(SNGP_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH SNGP_PC_PREFIX /prefix/${SNGP_PC_DIR} /prefix)
  string(REGEX REPLACE "/$" "" SNGP_PC_PREFIX "\${pcfiledir}/${SNGP_PC_PREFIX}")
endif()
cmake_path(APPEND SNGP_PC_LIBDIR "\${prefix}" ${CMAKE_INSTALL_LIBDIR})
cmake_path(APPEND SNGP_PC_INCLUDEDIR "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
set(SNGP_PC_LIBS_PRIVATE "-llapacke -lopenblas -ljansson")
if(SNGP_WITH_CSV)
  string(APPEND SNGP_PC_LIBS_PRIVATE " -lcsv")
endif()
if(SNGP_WITH_ZLIB)
  string(APPEND SNGP_PC_LIBS_PRIVATE " -lz")
endif()
configure_file(cmake/sngp.pc.in ${PROJECT_BINARY_DIR}/sngp.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/sngp.pc DESTINATION ${SNGP_PC_DIR})
