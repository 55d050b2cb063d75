// SPDX-License-Identifier: Apache-2.0
//
// A recoverable failure is a value. Most of what the loader does can fail for
// reasons that are nobody's fault (a process ended, a function was inlined, a
// kernel is old), and each of them ends as a label on a metric, so an error
// carries two things: a short token that is safe as a label value, and one line
// for people.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace holter {

struct Error {
    /// snake_case token from a small fixed vocabulary; becomes `reason` of holter_probes.
    std::string reason;
    /// One line: what was wrong, where, and what to do if something can be done.
    std::string message;
};

/// Either a value or an Error. Reading the wrong one is a programming mistake and throws
/// std::bad_variant_access.
template <typename T> class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }

    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const { return std::get<1>(state_); }

  private:
    std::variant<T, Error> state_;
};

/// Success without a value: `return ok;`.
struct Ok {};
inline constexpr Ok ok{};
using Status = Result<Ok>;

} // namespace holter
