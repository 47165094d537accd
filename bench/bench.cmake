# Benches: each bench/*.c an executable.  Peers are optional, one module each, built
# with those packages that are there by the target bench_peers; build/bench/work loads
# what it finds in build/bench/peers.

# Peers are compiled as their authors would: by clang, for this machine.
find_program(CLANG NAMES clang-19 clang REQUIRED)
find_program(CLANGXX NAMES clang++-19 clang++)
foreach(name equations slopes)
	set(object ${PROJECT_BINARY_DIR}/peer_${name}.o)
	add_custom_command(OUTPUT ${object} DEPENDS bench/peers/${name}.c bench/peers/slopes.h
		COMMAND ${CLANG} -O3 -march=native -fPIC -I${PROJECT_SOURCE_DIR} -c ${PROJECT_SOURCE_DIR}/bench/peers/${name}.c -o ${object})
	list(APPEND peer ${object})
endforeach()

set(peers_directory ${PROJECT_BINARY_DIR}/bench/peers)
find_program(DEBIAN_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)

file(GLOB benches CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.c)
foreach(source IN LISTS benches)
	get_filename_component(name ${source} NAME_WE)
	# What belongs to one bench alone lies in a directory of its name.
	file(GLOB parts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/${name}/*.c)
	add_executable(bench_${name} ${source} ${parts} ${peer})
	target_compile_definitions(bench_${name} PRIVATE OJIT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
		OJIT_CLANG="${CLANG}" OJIT_PEERS="${peers_directory}" OJIT_PYTHON="${DEBIAN_PYTHON}")
	target_link_libraries(bench_${name} PRIVATE ojit_flags ojit m ${CMAKE_DL_LIBS})
	set_target_properties(bench_${name} PROPERTIES OUTPUT_NAME ${name}
		RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
	add_dependencies(bench_${name} ojit_llvm ojit_linear)
endforeach()

pkg_check_modules(BENCH_JANSSON IMPORTED_TARGET jansson)
if(BENCH_JANSSON_FOUND) # reads the networks of the corpora
	foreach(name flat deriving work)
		target_link_libraries(bench_${name} PRIVATE PkgConfig::BENCH_JANSSON)
		target_compile_definitions(bench_${name} PRIVATE HAVE_JANSSON)
	endforeach()
endif()

# ---------------------------------------------------------------- peers of bench/work

add_custom_target(bench_peers)
file(MAKE_DIRECTORY ${peers_directory})
function(add_peer name compiler source)
	set(module ${peers_directory}/${name}.so)
	add_custom_command(OUTPUT ${module} VERBATIM
		DEPENDS ${PROJECT_SOURCE_DIR}/bench/peers/${source} ${PROJECT_SOURCE_DIR}/bench/peers/peer.h ${PROJECT_SOURCE_DIR}/bench/peers/mass_action.h
			${PROJECT_SOURCE_DIR}/bench/peers/problems.h ${PROJECT_SOURCE_DIR}/bench/peers/stiff.h
		COMMAND ${compiler} -O3 -march=native -fPIC -shared -fvisibility=hidden -I${PROJECT_SOURCE_DIR}
			${PROJECT_SOURCE_DIR}/bench/peers/${source} -o ${module} ${ARGN})
	add_custom_target(bench_peer_${name} DEPENDS ${module})
	add_dependencies(bench_peers bench_peer_${name})
endfunction()

find_path(ODEINT_INCLUDE boost/numeric/odeint.hpp)
if(ODEINT_INCLUDE AND CLANGXX)
	add_peer(odeint ${CLANGXX} odeint.cpp -DNDEBUG -Wno-deprecated-declarations)
endif()

pkg_check_modules(GSL gsl)
if(GSL_FOUND)
	add_peer(gsl ${CLANG} gsl.c ${GSL_LDFLAGS} -lm)
endif()

# Twice: as Debian builds it, and optimised, where bench/peers/build-sundials was run.
# The archives' names stay inside the module, or the two would meet in one process.
find_path(SUNDIALS_INCLUDE arkode/arkode_erkstep.h)
find_path(SUITESPARSE_INCLUDE klu.h PATH_SUFFIXES suitesparse)
if(SUNDIALS_INCLUDE AND SUITESPARSE_INCLUDE)
	add_peer(sundials_packaged ${CLANG} sundials.c -DSUNDIALS_AS_PACKAGED -I${SUITESPARSE_INCLUDE} -lsundials_cvode
		-lsundials_arkode -lsundials_nvecserial -lsundials_sunlinsolband -lsundials_sunlinsoldense
		-lsundials_sunlinsolklu -lsundials_sunmatrixband -lsundials_sunmatrixdense -lsundials_sunmatrixsparse -lm)
endif()
set(optimised ${PROJECT_BINARY_DIR}/sundials/installed)
if(EXISTS ${optimised}/lib/libsundials_sunlinsolklu.a AND SUITESPARSE_INCLUDE)
	add_peer(sundials ${CLANG} sundials.c -I${optimised}/include -I${SUITESPARSE_INCLUDE} -Wl,--exclude-libs,ALL
		${optimised}/lib/libsundials_cvode.a ${optimised}/lib/libsundials_arkode.a
		${optimised}/lib/libsundials_sunlinsolband.a ${optimised}/lib/libsundials_sunlinsoldense.a
		${optimised}/lib/libsundials_sunlinsolklu.a ${optimised}/lib/libsundials_sunmatrixband.a
		${optimised}/lib/libsundials_sunmatrixdense.a ${optimised}/lib/libsundials_sunmatrixsparse.a
		${optimised}/lib/libsundials_sunnonlinsolfixedpoint.a ${optimised}/lib/libsundials_sunnonlinsolnewton.a
		${optimised}/lib/libsundials_nvecserial.a ${optimised}/lib/libsundials_generic.a -lklu -lm)
endif()
