# What an installed ojit consists of: the command, the libraries, the headers, and
# what pkg-config and find_package(ojit) look for.
include(CMakePackageConfigHelpers)

set(OJIT_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/ojit)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/ojit-config.cmake.in
	${PROJECT_BINARY_DIR}/ojit-config.cmake INSTALL_DESTINATION ${OJIT_CMAKEDIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ojit-config-version.cmake
	COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH OJIT_LIB_TO_INCLUDE ${CMAKE_INSTALL_FULL_LIBDIR} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(${CMAKE_CURRENT_LIST_DIR}/ojit.pc.in ${PROJECT_BINARY_DIR}/ojit.pc @ONLY)

install(TARGETS ojit EXPORT ojit-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT ojit-targets NAMESPACE ojit:: DESTINATION ${OJIT_CMAKEDIR})
install(FILES ${PROJECT_BINARY_DIR}/ojit-config.cmake ${PROJECT_BINARY_DIR}/ojit-config-version.cmake
	DESTINATION ${OJIT_CMAKEDIR})
install(FILES ${PROJECT_BINARY_DIR}/ojit.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(TARGETS ojit_llvm ojit_linear ojit_mpfr LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/ojit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DATADIR}/ojit/examples)
install(FILES README.md LICENSE docs/language.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
