// SPDX-License-Identifier: Apache-2.0
//
// What an error means to the people on call: its class, and whether trying again can
// help. The table is data (probes/error_classes.yaml and the user's own); this is the
// part that looks things up in it. What is said of a type wins over what is said of
// the code that the error became, because a type says more: a handler that returns
// context.DeadlineExceeded under the code UNKNOWN is still a timeout.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holter::aggregator {

/// The `source` label. The names are error_source_names.
enum class ErrorSource : std::uint8_t {
    grpc_server,
    grpc_client,
    http_server,
    http_client,
    panic,
    exception,
    signal,
    exit,
    oom,
};
inline constexpr std::array<const char*, 9> error_source_names = {
    "grpc_server", "grpc_client", "http_server", "http_client", "panic",
    "exception",   "signal",      "exit",        "oom"};

/// The `error_class` label. The names are error_class_names.
enum class ErrorClass : std::uint8_t {
    business,  ///< a rule said no: neither retry nor page
    transient, ///< will pass: retry with back-off
    system,    ///< ours, and broken: alert
};
inline constexpr std::array<const char*, 3> error_class_names = {"business", "transient", "system"};

/// Names of gRPC's status codes; the position is the number.
inline constexpr std::array<const char*, 17> grpc_code_names = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

struct Classification {
    ErrorClass error_class = ErrorClass::system;
    bool retryable = false;
    bool operator==(const Classification&) const = default;
};

/// One error as a signal saw it.
struct ErrorSeen {
    ErrorSource source = ErrorSource::panic;
    /// Go type, Java or Python class, `SIGSEGV`, `exit_1`, status code of an HTTP server: the
    /// `error_type` label.
    std::string_view type;
    /// Status of gRPC or HTTP, as the source says.
    std::optional<std::uint32_t> code;
    /// Type at the end of the chain of wrapped errors; empty when nobody looked.
    std::string_view root_type;
};

/// How a panic of Go ended.
enum class PanicOutcome : std::uint8_t { recovered, fatal };

/// The table. Later calls for the same key replace earlier ones, so a user's file is applied after
/// the built-in one. A key that nothing is known of is `system` and not retryable.
class ErrorClasses {
  public:
    /// All codes from `first` to `last`.
    void set_http(std::uint32_t first, std::uint32_t last, Classification classification);
    void set_grpc(std::uint32_t code, Classification classification);
    /// `*` stands for any text. A type that is spelled out wins over patterns, of which the last
    /// one given wins: `*net.OpError` spells out a Go pointer type, and is a pattern for what else
    /// ends so.
    void set_type(std::string pattern, Classification classification);
    /// What holds for a source when neither type nor code says anything.
    void set_source(ErrorSource source, Classification classification);

    Classification classify(const ErrorSeen& error) const;

  private:
    struct Pattern {
        std::string text;
        Classification classification;
    };
    std::optional<Classification> of_type(std::string_view type) const;
    std::optional<Classification> of_code(ErrorSource source, std::uint32_t code) const;

    std::map<std::uint32_t, Classification> http_;
    std::array<std::optional<Classification>, grpc_code_names.size()> grpc_;
    std::array<Classification, error_source_names.size()> sources_{};
    std::map<std::string, Classification, std::less<>> types_;
    std::vector<Pattern> patterns_; ///< in the order given
};

/// Whether `text` is `pattern`, in which each `*` stands for any text. In linear time for patterns
/// with few stars: both may be long and foreign.
bool glob_matches(std::string_view pattern, std::string_view text);

} // namespace holter::aggregator
