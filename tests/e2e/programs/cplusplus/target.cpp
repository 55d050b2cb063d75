// SPDX-License-Identifier: Apache-2.0

// A C++ process that throws when told to, and keeps its own account: `raise KIND NUMBER` on
// standard input is answered by one line of JSON. It ends when standard input does.
#include <cstdint>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

namespace shop {

struct OrderRejected : std::runtime_error {
    using std::runtime_error::runtime_error;
};

} // namespace shop

namespace {

std::map<std::string, std::uint64_t> thrown;

void raise(const std::string& kind) {
    if (kind == "made")
        throw shop::OrderRejected("the order was rejected");
    if (kind == "range")
        static_cast<void>(std::string("a").at(5));
    if (kind == "invalid")
        throw std::invalid_argument("not an argument");
    throw 42;
}

void raise_and_count(const std::string& kind) {
    try {
        raise(kind);
    } catch (const shop::OrderRejected&) {
        ++thrown["shop::OrderRejected"];
    } catch (const std::out_of_range&) {
        ++thrown["std::out_of_range"];
    } catch (const std::invalid_argument&) {
        ++thrown["std::invalid_argument"];
    } catch (int) {
        ++thrown["int"];
    }
}

} // namespace

int main() {
    std::cout << "{\"ready\":true}" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string command, kind;
        std::uint64_t number = 1;
        words >> command >> kind >> number;
        for (std::uint64_t i = 0; i < number; ++i)
            raise_and_count(kind);
        std::cout << "{\"thrown\":{";
        const char* comma = "";
        for (const auto& [name, count] : thrown) {
            std::cout << comma << '"' << name << "\":" << count;
            comma = ",";
        }
        std::cout << "}}" << std::endl;
    }
}
