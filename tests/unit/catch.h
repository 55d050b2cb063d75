// SPDX-License-Identifier: Apache-2.0
// Debian 12 has Catch2 v2 (one header), Debian 13 has v3 (a library): this is the only place that
// knows.
#pragma once

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
