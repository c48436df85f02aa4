# Packages come from the system, never from the network. What is missing is reported all at once, by the name of the
# Debian 12 package to install.

set(TIERSIM_MISSING "" CACHE INTERNAL "")

# tiersim_require(<package> "<Debian packages>" [arguments of find_package...])
macro(tiersim_require package debian)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    string(REPLACE ";" " " tiersim_wanted "${ARGN}")
    list(APPEND TIERSIM_MISSING "  ${package} ${tiersim_wanted}: ${debian}")
    set(TIERSIM_MISSING "${TIERSIM_MISSING}" CACHE INTERNAL "")
  endif()
endmacro()

# tiersim_require_library(<name> <header> "<Debian packages>"): for libraries without a CMake package; gives the target
# tiersim::<name>.
macro(tiersim_require_library name header debian)
  find_library(TIERSIM_LIB_${name} ${name})
  find_path(TIERSIM_INCLUDE_${name} ${header})
  mark_as_advanced(TIERSIM_LIB_${name} TIERSIM_INCLUDE_${name})
  if(TIERSIM_LIB_${name} AND TIERSIM_INCLUDE_${name})
    add_library(tiersim::${name} INTERFACE IMPORTED)
    target_link_libraries(tiersim::${name} INTERFACE ${TIERSIM_LIB_${name}})
    target_include_directories(tiersim::${name} SYSTEM INTERFACE ${TIERSIM_INCLUDE_${name}})
  else()
    list(APPEND TIERSIM_MISSING "  ${name} (${header}): ${debian}")
    set(TIERSIM_MISSING "${TIERSIM_MISSING}" CACHE INTERNAL "")
  endif()
endmacro()

function(tiersim_require_done)
  if(TIERSIM_MISSING)
    string(REPLACE ";" "\n" lines "${TIERSIM_MISSING}")
    message(FATAL_ERROR "Missing, each with the Debian 12 packages that bring it:\n${lines}\n"
                        "'tools/dev setup' installs them.")
  endif()
endfunction()
