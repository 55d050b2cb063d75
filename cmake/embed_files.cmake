# SPDX-License-Identifier: Apache-2.0
# Run by holter_embed(): writes HEADER and SOURCE from FILES. String literals are
# limited to 64 KiB by ISO C++, so the bytes go in as numbers.
set(entries "")
set(arrays "")
set(index 0)
foreach(file ${FILES})
  get_filename_component(base ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "constexpr unsigned char file_${index}[] = {${bytes}0};\n")
  string(APPEND entries "        {\"${base}\", {reinterpret_cast<const char*>(file_${index}), sizeof(file_${index}) - 1}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${HEADER} "#pragma once
#include <string_view>
#include <utility>
#include <vector>
namespace holter {
/// (file name, content) of every embedded file, in name order.
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_${NAME}();
}
")
file(WRITE ${SOURCE} "#include \"embedded/${NAME}.h\"
namespace holter {
namespace {
${arrays}}
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_${NAME}() {
    static const std::vector<std::pair<std::string_view, std::string_view>> files = {
${entries}    };
    return files;
}
}
")
