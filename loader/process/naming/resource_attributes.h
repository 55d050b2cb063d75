// SPDX-License-Identifier: Apache-2.0
//
// OTEL_RESOURCE_ATTRIBUTES as the OpenTelemetry specification has it
// (resource SDK, "Specifying resource information via an environment variable"):
// `key=value,key=value`, with `,`, `=` and everything unusual percent-encoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holter::process {

using ResourceAttributes = std::vector<std::pair<std::string, std::string>>;

/// Empty when any part is malformed: the specification discards the whole variable then.
std::optional<ResourceAttributes> parse_resource_attributes(std::string_view text);

} // namespace holter::process
