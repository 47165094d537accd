# libojit-llvm: jit/llvm/ and those parts of LLVM it reaches, in one module that
# exports ojit_llvm_backend and nothing else.
#
# LLVM is linked statically and hidden, so that a host with an LLVM of its own
# never meets this one.  Opening the module is part of the first compile, and its
# price is the pages it touches: hence unreached sections are dropped, relative
# relocations packed, libstdc++ linked in rather than searched for, and calls
# bound when first made.  Measured medians of dlopen, LLVM 19.1.7: shared
# libstdc++ 2.5 ms, static 2.0 ms, packed as well 1.85 ms; lld's layout 2.6 ms.

include(CheckLinkerFlag)
find_program(LLVM_CONFIG NAMES llvm-config-19 REQUIRED)
function(ask_llvm variable)
	execute_process(COMMAND ${LLVM_CONFIG} ${ARGN} OUTPUT_VARIABLE answer
		OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
	separate_arguments(answer UNIX_COMMAND "${answer}")
	set(${variable} ${answer} PARENT_SCOPE)
endfunction()
ask_llvm(LLVM_INCLUDE --includedir)
ask_llvm(LLVM_LIBDIR --libdir)
ask_llvm(LLVM_LIBS --link-static --libs core orcjit nativecodegen passes)
# What of LLVM's own needs survives the dropping of sections: compression of
# debug information, which object writers name though nothing here asks for it.
find_library(Z_ARCHIVE libz.a REQUIRED)
find_library(ZSTD_ARCHIVE libzstd.a REQUIRED)

file(GLOB llvm_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/jit/llvm/*.c)
add_library(ojit_llvm MODULE ${llvm_sources} ${PROJECT_BINARY_DIR}/empty.c)
target_include_directories(ojit_llvm SYSTEM PRIVATE ${LLVM_INCLUDE})
target_link_directories(ojit_llvm PRIVATE ${LLVM_LIBDIR})
# Pure functions of lib/ are linked in a second time, as few as are reached;
# they keep no state, so two copies never disagree.
target_link_libraries(ojit_llvm PRIVATE ojit_flags ojit_lib ${LLVM_LIBS}
	${Z_ARCHIVE} ${ZSTD_ARCHIVE})
set_target_properties(ojit_llvm PROPERTIES OUTPUT_NAME ojit-llvm LINKER_LANGUAGE CXX
	LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/ojit-llvm.map)
target_link_options(ojit_llvm PRIVATE
	-Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/ojit-llvm.map
	-Wl,--gc-sections -Wl,--as-needed -Wl,-O1 -Wl,-Bsymbolic -Wl,-z,lazy
	-static-libstdc++ -static-libgcc)
check_linker_flag(C -Wl,-z,pack-relative-relocs OJIT_PACKS_RELOCATIONS)
if(OJIT_PACKS_RELOCATIONS)
	target_link_options(ojit_llvm PRIVATE -Wl,-z,pack-relative-relocs)
endif()
