// SPDX-License-Identifier: Apache-2.0
#include "aggregator/errors/panic.h"

#include <string>

namespace holter::aggregator {

void count_panic(Errors& errors, const holter_go_panic& event, const GoNames& names) {
    const TargetId target = event.event.target;
    if (event.kind == HOLTER_GO_FATAL_ERROR) {
        const std::string text = names.text(target, event.type, event.root);
        const std::string type = text.empty() ? "fatal error" : "fatal error: " + text;
        errors.count({ErrorSource::panic, type, {}, type});
        errors.count_panic_end(type, PanicOutcome::fatal);
        return;
    }
    const std::string type = names.type(target, event.type);
    if (event.kind == HOLTER_GO_PANIC_BEGINS)
        errors.count({ErrorSource::panic, type, {}, names.type(target, event.root)});
    else
        errors.count_panic_end(type, event.kind == HOLTER_GO_PANIC_RECOVERED
                                         ? PanicOutcome::recovered
                                         : PanicOutcome::fatal);
}

} // namespace holter::aggregator
