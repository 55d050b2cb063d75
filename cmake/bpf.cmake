# SPDX-License-Identifier: Apache-2.0
#
# bpf/NAME.bpf.c -> NAME.bpf.o (clang) -> NAME.skel.h (bpftool). The compiler's
# depfile makes a changed header rebuild the object: a stale object reads wrong
# offsets instead of failing.
find_program(BPF_CLANG NAMES clang clang-14 clang-19 clang-16 REQUIRED)
find_program(BPFTOOL NAMES bpftool HINTS /usr/sbin /sbin REQUIRED)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(HOLTER_BPF_ARCH arm64)
else()
  set(HOLTER_BPF_ARCH x86)
endif()

# All that is generated and that compilers and linters need: `scripts/build PRESET generated`.
add_custom_target(generated)

# One of them, by the target NAME_skeleton.
function(holter_bpf_skeleton source)
  get_filename_component(name ${source} NAME_WE)
  set(object ${CMAKE_BINARY_DIR}/skeletons/${name}.bpf.o)
  set(header ${CMAKE_BINARY_DIR}/skeletons/${name}.skel.h)
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/skeletons
    COMMAND ${BPF_CLANG} -target bpf -g -O2 -mcpu=v3 -Wall -Wextra -Werror
      -D__TARGET_ARCH_${HOLTER_BPF_ARCH} -I${CMAKE_SOURCE_DIR}
      -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
      -MD -MF ${object}.d -MT ${object} -c ${source} -o ${object}
    DEPENDS ${source} DEPFILE ${object}.d
    COMMENT "BPF ${name}" VERBATIM)
  add_custom_command(OUTPUT ${header}
    COMMAND sh -c "${BPFTOOL} gen skeleton ${object} name ${name} > ${header}.tmp && mv ${header}.tmp ${header}"
    DEPENDS ${object} COMMENT "skeleton ${name}" VERBATIM)
  add_custom_target(${name}_skeleton DEPENDS ${header})
  add_dependencies(generated ${name}_skeleton)
endfunction()

function(holter_bpf_objects folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.bpf.c)
  add_library(holter_bpf INTERFACE)
  target_include_directories(holter_bpf SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/skeletons)
  set(includes "")
  set(lookups "")
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    holter_bpf_skeleton(${source})
    add_dependencies(holter_bpf ${name}_skeleton)
    string(APPEND includes "#include \"${name}.skel.h\"\n")
    string(APPEND lookups "    if (!std::strcmp(name, \"${name}\"))\n        return ${name}__elf_bytes(size);\n")
  endforeach()
  # All objects by name, so that a new one needs no list to be edited.
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/skeletons/bpf_objects.h CONTENT
"#pragma once
#include <cstring>
${includes}
inline const void* bpf_object_bytes(const char* name, std::size_t* size) {
${lookups}    return nullptr;
}
")
endfunction()
