# libojit-linear: solvers/linear/ with KLU inside it and LAPACK beside it, one module
# that exports ojit_linear_library and nothing else.  LAPACK is linked dynamically, so
# that the machine's own choice of it (OpenBLAS, say) is what runs.
find_package(LAPACK REQUIRED)
find_path(KLU_INCLUDE klu.h PATH_SUFFIXES suitesparse REQUIRED)
set(KLU_ARCHIVES)
foreach(part klu amd colamd btf suitesparseconfig)
	find_library(KLU_${part} lib${part}.a REQUIRED)
	list(APPEND KLU_ARCHIVES ${KLU_${part}})
endforeach()

file(GLOB linear_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/solvers/linear/*.c)
add_library(ojit_linear MODULE ${linear_sources})
target_include_directories(ojit_linear SYSTEM PRIVATE ${KLU_INCLUDE})
# Pure functions of lib/ are linked in a second time, as in libojit-llvm.
target_link_libraries(ojit_linear PRIVATE ojit_flags ojit_lib ${KLU_ARCHIVES} ${LAPACK_LIBRARIES} m)
set_target_properties(ojit_linear PROPERTIES OUTPUT_NAME ojit-linear
	LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/ojit-linear.map)
target_link_options(ojit_linear PRIVATE
	-Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/ojit-linear.map
	-Wl,--gc-sections -Wl,--as-needed -Wl,-O1 -Wl,-Bsymbolic -Wl,-z,lazy)
