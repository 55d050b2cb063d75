// SPDX-License-Identifier: Apache-2.0
//
// The one place where exceptions end: each is a mistake in usage, configuration
// or environment that a user has to mend, told in one line.
#include "agent/command_line.h"
#include "agent/commands/commands.h"
#include "exporter/http/wrong_option.h"
#include "loader/catalogue/strict_yaml.h"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    try {
        return holter::agent::run_command_line(argc, argv);
    } catch (const holter::agent::UsageError& error) {
        std::cerr << "holter: " << error.what() << '\n';
        return 2;
    } catch (const holter::catalogue::YamlError& error) {
        std::cerr << "holter: " << error.what() << '\n';
        return 2;
    } catch (const holter::exporter::WrongOption& error) {
        std::cerr << "holter: " << error.what() << '\n';
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "holter: " << error.what() << '\n';
        return 1;
    }
}
