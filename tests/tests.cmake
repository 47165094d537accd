# Tests: each test_*.c an executable of its own, linked with all of ojit's
# internals and with every support_*.c.  The environment tells them where the
# modules (OJIT_LLVM, OJIT_LINEAR), the library (OJIT_LIBRARY) and the tool (OJIT_TOOL) are.

# Tests whose cases are too many to be run under sanitizers as well.
set(slow_tests test_auto_costs test_bits test_checks test_corpora_accuracy test_corpora_checks test_corpora_derivatives
	test_corpora_lifetimes test_corpora_stiff test_derivatives_growth test_derivatives_size test_graph_nodes test_growth test_jit_operators
	test_jit_random test_jit_reductions test_jit_strides test_kernels test_math_accuracy test_operators test_passes_memory test_passes_random
	test_solvers_taylor)

file(GLOB support_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support_*.c)
file(GLOB test_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/test_*.c)

if(OJIT_TESTS)
	pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)
	pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

	# Most of what a test takes is being built: little optimised, with checks built in not at
	# all, and linked by LLVM's linker where it is there.
	set(quick -O1 -g1)
	if(OJIT_SANITIZE)
		set(quick -O0 -g1)
	endif()
	find_program(OJIT_LLD ld.lld PATHS /usr/lib/llvm-19/bin)
	if(OJIT_LLD)
		get_filename_component(lld_directory ${OJIT_LLD} DIRECTORY)
		set(linker -fuse-ld=lld -B${lld_directory})
	endif()

	add_library(test_support STATIC ${support_sources} ${PROJECT_BINARY_DIR}/empty.c)
	target_link_libraries(test_support PUBLIC ojit_static ojit_exact PkgConfig::JANSSON m
		PkgConfig::CRITERION)
	target_compile_definitions(test_support PRIVATE OJIT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")

	# Writes tests/data/kappa.txt; run by hand.
	add_executable(make_kappa ${PROJECT_SOURCE_DIR}/tests/make_kappa.c)
	target_link_libraries(make_kappa PRIVATE test_support)
	set_target_properties(make_kappa PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
	add_dependencies(make_kappa ojit_llvm ojit_mpfr)

	foreach(source IN LISTS test_sources)
		get_filename_component(name ${source} NAME_WE)
		add_executable(${name} ${source})
		target_link_libraries(${name} PRIVATE test_support)
		target_compile_options(${name} PRIVATE ${quick})
		target_link_options(${name} PRIVATE ${linker})
		target_compile_definitions(${name} PRIVATE OJIT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
			OJIT_BINARY_DIR="${PROJECT_BINARY_DIR}")
		set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
		add_dependencies(${name} ojit_llvm ojit_mpfr ojit_linear)
		add_test(NAME ${name} COMMAND ${name} -j1 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
		# Criterion's libraries look through all the system's certificates with strstr, in every
		# test's process: checking that is a tenth of what sanitized tests take.
		set_tests_properties(${name} PROPERTIES
			TIMEOUT 300
			ENVIRONMENT "OJIT_LLVM=$<TARGET_FILE:ojit_llvm>;OJIT_MPFR=$<TARGET_FILE:ojit_mpfr>;OJIT_LINEAR=$<TARGET_FILE:ojit_linear>;OJIT_LIBRARY=$<TARGET_FILE:ojit>;OJIT_TOOL=${PROJECT_BINARY_DIR}/ojit;UBSAN_OPTIONS=print_stacktrace=1;ASAN_OPTIONS=intercept_strstr=0")
		if(name IN_LIST slow_tests)
			set_tests_properties(${name} PROPERTIES LABELS slow)
		endif()
	endforeach()

	# The example that drives CVODE, where SUNDIALS is there with KLU.
	find_path(CVODE_INCLUDE cvode/cvode.h)
	find_path(KLU_INCLUDE klu.h PATH_SUFFIXES suitesparse)
	find_library(CVODE_LIBRARY sundials_cvode)
	find_library(SUNLINSOLKLU_LIBRARY sundials_sunlinsolklu)
	if(CVODE_INCLUDE AND KLU_INCLUDE AND CVODE_LIBRARY AND SUNLINSOLKLU_LIBRARY)
		add_executable(example_cvode ${PROJECT_SOURCE_DIR}/examples/embedding/cvode.c)
		target_include_directories(example_cvode PRIVATE ${CVODE_INCLUDE} ${KLU_INCLUDE})
		target_link_libraries(example_cvode PRIVATE ojit_flags ojit ${CVODE_LIBRARY} sundials_nvecserial
			${SUNLINSOLKLU_LIBRARY} sundials_sunmatrixsparse)
		set_target_properties(example_cvode PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
		target_compile_definitions(test_cvode PRIVATE OJIT_CVODE="${PROJECT_BINARY_DIR}/tests/example_cvode")
		add_dependencies(test_cvode example_cvode)
	endif()

	# Public headers stand alone, in C and in C++.
	file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/ojit/*.h)
	foreach(header IN LISTS headers)
		get_filename_component(name ${header} NAME_WE)
		set(flags -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I${PROJECT_SOURCE_DIR}/include)
		add_test(NAME header_${name}_is_c
			COMMAND ${CMAKE_C_COMPILER} -x c -std=c11 ${flags} -include ${header} /dev/null)
		add_test(NAME header_${name}_is_cpp
			COMMAND ${CMAKE_CXX_COMPILER} -x c++ -std=c++11 ${flags} -include ${header} /dev/null)
	endforeach()
endif()

# Fuzzers start from the inputs kept in tests/fuzz/corpus; what they find new
# stays in the build directory.
if(OJIT_FUZZ)
	set(OJIT_FUZZ_SECONDS 6 CACHE STRING "How long a fuzzer runs as a test")
	file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz_*.c)
	foreach(source IN LISTS fuzz_sources)
		get_filename_component(name ${source} NAME_WE)
		add_executable(${name} ${source})
		target_link_libraries(${name} PRIVATE ojit_static)
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
		set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
		file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/found_by_${name})
		add_test(NAME ${name} COMMAND ${name} -max_total_time=${OJIT_FUZZ_SECONDS} -timeout=10
			-rss_limit_mb=1024 -verbosity=0 ${PROJECT_BINARY_DIR}/found_by_${name}
			${PROJECT_SOURCE_DIR}/tests/fuzz/corpus WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
	endforeach()
endif()

if(OJIT_TESTS)
	set(flags "")
	if(OJIT_SANITIZE)
		set(flags "-fsanitize=${OJIT_SANITIZE}")
	endif()
	add_test(NAME installed_tree COMMAND ${CMAKE_COMMAND} -DBUILD=${PROJECT_BINARY_DIR}
		-DSOURCE=${PROJECT_SOURCE_DIR} -DWORK=${PROJECT_BINARY_DIR}/installed -DCC=${CMAKE_C_COMPILER}
		-DFLAGS=${flags} -P ${PROJECT_SOURCE_DIR}/tests/installed.cmake)
endif()
