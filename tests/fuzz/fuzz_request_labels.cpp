// SPDX-License-Identifier: Apache-2.0
//
// What clients of traced programs send becomes labels: valid UTF-8, bounded in length, whatever it
// was.
#include "aggregator/requests/endpoint.h"
#include "aggregator/series/labels.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace holter::aggregator;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const std::string& label : {rpc_method_label(text), route_of_pattern(text),
                                     route_of_pieces(text), route_of_path(text), host_label(text)})
        if (clean_label(label) != label)
            std::abort();
    return 0;
}
