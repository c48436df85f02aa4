# The compiler's side of the build: what machine, which helpers, how the shipped command is optimised across files.

if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  message(FATAL_ERROR "tiersim is built for x86-64 (level v3, AVX2) alone, so that results are the same bytes "
                      "everywhere; this machine is ${CMAKE_SYSTEM_PROCESSOR}.")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "g++ 12 or newer is needed, this is ${CMAKE_CXX_COMPILER_VERSION}. Debian 12 has it as g++.")
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
if(NOT DEFINED CMAKE_COMPILE_WARNING_AS_ERROR)
  set(CMAKE_COMPILE_WARNING_AS_ERROR ON)  # cmake --compile-no-warning-as-error for compilers that we do not know
endif()

# ccache and a fast linker where the machine has them.
macro(tiersim_find_build_tools)
  find_program(TIERSIM_CCACHE ccache)
  mark_as_advanced(TIERSIM_CCACHE)
  if(TIERSIM_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${TIERSIM_CCACHE})
  endif()
  include(CheckLinkerFlag)
  foreach(linker mold lld)
    check_linker_flag(CXX -fuse-ld=${linker} TIERSIM_HAS_${linker})
    if(TIERSIM_HAS_${linker})
      add_link_options(-fuse-ld=${linker})
      break()
    endif()
  endforeach()
endmacro()

# With TIERSIM_LTO the objects carry both machine code and the compiler's own form (fat objects): the shipped command is
# optimised as a whole, while tests link the machine code in a second.
function(tiersim_lto_objects target)
  if(TIERSIM_LTO)
    set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -ffat-lto-objects)
    endif()
  endif()
endfunction()

function(tiersim_lto_program target)
  if(TIERSIM_LTO)
    set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
  endif()
endfunction()

function(tiersim_plain_program target)
  if(TIERSIM_LTO AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_link_options(${target} PRIVATE -fno-lto)
  endif()
endfunction()
