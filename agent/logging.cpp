// SPDX-License-Identifier: Apache-2.0
#include "agent/logging.h"

#include "loader/attach/objects.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace holter::agent {

namespace {

/// The message as a quoted string: JSON's quoting is logfmt's as well. Bytes that are not UTF-8
/// become U+FFFD, since messages carry names that targets chose.
class QuotedMessage : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& out) override {
        const nlohmann::json text = std::string(message.payload.data(), message.payload.size());
        const std::string quoted =
            text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        out.append(quoted.data(), quoted.data() + quoted.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<QuotedMessage>();
    }
};

void log_libbpf(int, const std::string& text) {
    spdlog::debug("libbpf: {}", text);
}

} // namespace

void set_up_logging(const std::string& level, const std::string& format) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc,
                                                                 spdlog::details::os::default_eol);
    formatter->add_flag<QuotedMessage>('*');
    formatter->set_pattern(format == "json"
                               ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","msg":%*})"
                               : "ts=%Y-%m-%dT%H:%M:%S.%eZ level=%l msg=%*");
    auto logger = std::make_shared<spdlog::logger>(
        "holter", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_formatter(std::move(formatter));
    logger->set_level(spdlog::level::from_str(level));
    spdlog::set_default_logger(std::move(logger));
    attach::route_libbpf_messages(log_libbpf);
}

} // namespace holter::agent
