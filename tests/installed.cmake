# cmake -P: installs ojit into a directory of its own, moves that elsewhere, and holds
# it to what an installation is for: the command runs, and the examples build against
# it with find_package and with pkg-config, and print what they should.
#
# BUILD: the build tree.  SOURCE: the source tree.  WORK: where to work.  CC: a compiler.

function(run)
	execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err)
	if(NOT result EQUAL 0)
		message(FATAL_ERROR "${ARGN}: ${result}\n${out}\n${err}")
	endif()
	set(out "${out}" PARENT_SCOPE)
endfunction()

set(decay "rate 1: x(1) = 0.3679\nrate 2: x(1) = 0.1353\nrate 3: x(1) = 0.0498\n")
# From rest at height 1, g = 9.81, speeds 0.8 times at each bounce; on paper.
set(bounce "t = 0.4515: met the ground at 4.4294\nt = 1.1740: met the ground at 3.5436\n"
	"t = 1.7519: met the ground at 2.8348\nt = 2: at height 0.2607\n")
string(CONCAT bounce ${bounce})
# Newton's method from 0.7: x - (4 x^3 - 4 x)/(12 x^2 - 4).
set(well "step 1: x = 1.459574\nstep 2: x = 1.153542\nstep 3: x = 1.026058\n"
	"step 4: x = 1.000960\nstep 5: x = 1.000001\nstep 6: x = 1.000000\n")
string(CONCAT well ${well})
# cos(pi), whose error here is some 1e-7.
set(rk4 "omega 1: x = -1.000000\nomega 2: x = -1.000000\n")
function(hold directory program)
	run(${directory}/${program})
	if(NOT out STREQUAL "${${program}}")
		message(FATAL_ERROR "${program} printed\n${out}instead of\n${${program}}")
	endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/usr)

run(${WORK}/usr/bin/ojit run ${WORK}/usr/share/ojit/examples/lorenz.ojit --final)

run(${CMAKE_COMMAND} -S ${WORK}/usr/share/ojit/examples/embedding -B ${WORK}/cmake
	-DCMAKE_PREFIX_PATH=${WORK}/usr -DCMAKE_C_COMPILER=${CC} -DCMAKE_C_FLAGS=${FLAGS})
run(${CMAKE_COMMAND} --build ${WORK}/cmake)
hold(${WORK}/cmake decay)
hold(${WORK}/cmake bounce)
hold(${WORK}/cmake well)
hold(${WORK}/cmake rk4)

file(GLOB_RECURSE pc ${WORK}/usr/*/ojit.pc)
get_filename_component(pcdir ${pc} DIRECTORY)
get_filename_component(libdir ${pcdir} DIRECTORY)
run(${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${pcdir}
	pkg-config --cflags --libs ojit)
string(STRIP "${out}" flags)
separate_arguments(flags)
separate_arguments(FLAGS)
foreach(program decay bounce well rk4)
	run(${CC} ${FLAGS} ${SOURCE}/examples/embedding/${program}.c ${flags} -Wl,-rpath,${libdir} -o ${WORK}/${program})
	hold(${WORK} ${program})
endforeach()
