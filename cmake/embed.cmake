# SPDX-License-Identifier: Apache-2.0
#
# Files of a folder -> one generated translation unit, so that the binary needs
# nothing beside it. `embedded_NAME()` gives (file name, content) pairs.
function(holter_embed name folder)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.yaml ${CMAKE_SOURCE_DIR}/${folder}/*.tsv)
  set(source ${CMAKE_BINARY_DIR}/embedded/${name}.cpp)
  set(header ${CMAKE_BINARY_DIR}/embedded/embedded/${name}.h)
  add_custom_command(OUTPUT ${source} ${header}
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} "-DFILES=${files}" -DSOURCE=${source} -DHEADER=${header}
      -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    COMMENT "embed ${folder}" VERBATIM)
  add_library(holter_${name} STATIC ${source} ${header})
  target_include_directories(holter_${name} PUBLIC ${CMAKE_BINARY_DIR}/embedded)
  add_dependencies(generated holter_${name})
endfunction()
