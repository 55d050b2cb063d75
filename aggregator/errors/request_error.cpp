// SPDX-License-Identifier: Apache-2.0
#include "aggregator/errors/request_error.h"

#include <string>

namespace holter::aggregator {

namespace {

constexpr std::uint16_t first_http_error = 400;

ErrorSource source_of(std::uint8_t kind) {
    switch (kind) {
    case HOLTER_GRPC_SERVER:
        return ErrorSource::grpc_server;
    case HOLTER_GRPC_CLIENT:
        return ErrorSource::grpc_client;
    case HOLTER_HTTP_SERVER:
        return ErrorSource::http_server;
    default:
        return ErrorSource::http_client;
    }
}

std::string grpc_code_text(std::uint16_t code) {
    return code < grpc_code_names.size() ? grpc_code_names[code] : std::to_string(code);
}

} // namespace

void count_request(Errors& errors, TargetId target, const holter_request_facts& facts,
                   const GoNames& names, const ExemplarPtr& exemplar, std::uint64_t times) {
    const ErrorSource source = source_of(facts.kind);
    const bool rpc = source == ErrorSource::grpc_server || source == ErrorSource::grpc_client;
    const bool no_answer = (facts.flags & (HOLTER_REQUEST_FAILED | HOLTER_REQUEST_PANICKED)) != 0;
    if (rpc ? facts.status == 0 : facts.status < first_http_error && !no_answer)
        return;
    // An HTTP error that was answered had a type in the process that answered, if anywhere.
    if (facts.error_type != 0 && (rpc || no_answer)) {
        const std::string type = names.type(target, facts.error_type);
        const std::string root =
            facts.error_root != 0 ? names.type(target, facts.error_root) : std::string();
        errors.count({source, type, facts.status, root}, times, exemplar);
        return;
    }
    std::string type = rpc ? grpc_code_text(facts.status) : std::to_string(facts.status);
    if (!rpc && no_answer)
        type = (facts.flags & HOLTER_REQUEST_PANICKED) != 0 ? "panic" : "unknown";
    errors.count({source, type, facts.status, {}}, times, exemplar);
}

} // namespace holter::aggregator
