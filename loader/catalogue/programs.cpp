// SPDX-License-Identifier: Apache-2.0
#include "loader/catalogue/programs.h"

#include "bpf/events.h"

#include <map>

namespace holter::catalogue {

namespace {

#define HOLTER_WORD(name) #name,
const std::map<std::string, Vocabulary>& vocabularies() {
    static const std::map<std::string, Vocabulary> all = {
        {"go_connections",
         {{HOLTER_GO_CONNECTIONS_PROGRAMS(HOLTER_WORD)},
          {HOLTER_GO_CONNECTIONS_ARGUMENTS(HOLTER_WORD)}}},
        {"go_gc", {{HOLTER_GO_GC_PROGRAMS(HOLTER_WORD)}, {HOLTER_GO_GC_ARGUMENTS(HOLTER_WORD)}}},
        {"go_errors", {{HOLTER_GO_ERRORS_PROGRAMS(HOLTER_WORD)}, {}}},
        {"go_grpc",
         {{HOLTER_GO_GRPC_PROGRAMS(HOLTER_WORD)}, {HOLTER_GO_GRPC_ARGUMENTS(HOLTER_WORD)}}},
        {"go_http",
         {{HOLTER_GO_HTTP_PROGRAMS(HOLTER_WORD)}, {HOLTER_GO_HTTP_ARGUMENTS(HOLTER_WORD)}}},
    };
    return all;
}
#undef HOLTER_WORD

} // namespace

std::vector<std::string> object_names() {
    std::vector<std::string> names;
    for (const auto& [name, words] : vocabularies())
        names.push_back(name);
    return names;
}

const Vocabulary& vocabulary(const std::string& object) {
    static const Vocabulary none;
    const auto found = vocabularies().find(object);
    return found == vocabularies().end() ? none : found->second;
}

} // namespace holter::catalogue
