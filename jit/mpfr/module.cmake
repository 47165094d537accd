# libojit-mpfr: jit/mpfr/, which evaluates programs in MPFR, in a module that exports
# ojit_mpfr_truth and nothing else.  Whatever is checked opens it; nobody else loads MPFR.

pkg_check_modules(MPFR REQUIRED IMPORTED_TARGET mpfr)
file(GLOB mpfr_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/jit/mpfr/*.c)
# An archive of it is linked by tests, which look inside.
add_part(ojit_exact ${mpfr_sources})
target_link_libraries(ojit_exact_objects PRIVATE PkgConfig::MPFR)
target_link_libraries(ojit_exact PUBLIC ojit_lib PkgConfig::MPFR gmp)

add_library(ojit_mpfr MODULE $<TARGET_OBJECTS:ojit_exact_objects>)
target_link_libraries(ojit_mpfr PRIVATE ojit_flags ojit_lib PkgConfig::MPFR gmp)
set_target_properties(ojit_mpfr PROPERTIES OUTPUT_NAME ojit-mpfr
	LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/ojit-mpfr.map)
target_link_options(ojit_mpfr PRIVATE -Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/ojit-mpfr.map
	-Wl,--gc-sections -Wl,--as-needed -Wl,-O1 -Wl,-Bsymbolic)
