// SPDX-License-Identifier: Apache-2.0
//
// The program of probes/examples/cpp.yaml: nothing in it knows of probes. For each line of its
// standard input it checks some carts out and says what it did, in JSON.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

namespace shop {

[[gnu::noipa]] void reject(const char* reason, int order) {
    if (order < 0)
        throw std::logic_error(reason);
}

class Warehouse {
  public:
    [[gnu::noipa]] void reserve(const std::string& article, std::uint32_t items) {
        if (article.empty())
            reject("no article", 1);
        reserved_ += items;
    }
    std::uint64_t reserved() const { return reserved_; }

  private:
    std::uint64_t reserved_ = 0;
};

class Cart {
  public:
    [[gnu::noipa]] bool checkout(int payment) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ++paid_;
        return payment == 0;
    }
    int paid() const { return paid_; }

  private:
    int paid_ = 0;
};

} // namespace shop

int main() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::puts("{\"ready\": true}");
    shop::Warehouse warehouse;
    shop::Cart cart;
    for (int line; (line = std::getchar()) != EOF;) {
        if (line != '\n')
            continue;
        const std::uint64_t reserved = warehouse.reserved();
        long long nanoseconds[2] = {};
        int count[2] = {}, rejected = 0;
        for (int i = 0; i < 100; ++i) {
            const int payment = i % 3 == 0;
            const auto begin = std::chrono::steady_clock::now();
            cart.checkout(payment);
            nanoseconds[payment] += (std::chrono::steady_clock::now() - begin).count();
            ++count[payment];
            warehouse.reserve("book", static_cast<std::uint32_t>(i));
            if (i % 10 == 0) {
                shop::reject(i % 20 == 0 ? "sold out" : "no such article", i);
                ++rejected;
            }
        }
        std::printf("{\"card\": %d, \"invoice\": %d, \"card_ns\": %lld, \"invoice_ns\": %lld, "
                    "\"reserved\": %llu, \"rejected\": %d}\n",
                    count[0], count[1], nanoseconds[0], nanoseconds[1],
                    static_cast<unsigned long long>(warehouse.reserved() - reserved), rejected);
    }
}
