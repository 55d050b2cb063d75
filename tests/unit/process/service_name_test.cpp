// SPDX-License-Identifier: Apache-2.0
#include "loader/process/naming/service_name.h"

#include "catch.h"
#include "process/fake_procfs.h"

#include <initializer_list>
#include <string>

namespace holter::process {
namespace {

std::string block(std::initializer_list<std::string_view> entries) {
    std::string joined;
    for (const auto entry : entries) {
        joined.append(entry);
        joined.push_back('\0');
    }
    return joined;
}

TEST_CASE("service name: the first source that is there") {
    std::string environment =
        block({"OTEL_SERVICE_NAME=one", "OTEL_RESOURCE_ATTRIBUTES=a=b,service.name=tw%6f",
               "SERVICE_NAME=three"});
    const auto name = [&](std::string_view unit) {
        return service_name({environment, unit, "x", "/usr/bin/five"});
    };
    CHECK(name("four") == "one");
    environment = block({"OTEL_SERVICE_NAME=", "OTEL_RESOURCE_ATTRIBUTES=a=b,service.name=tw%6f",
                         "SERVICE_NAME=three"});
    CHECK(name("four") == "two");
    environment = block({"OTEL_RESOURCE_ATTRIBUTES=service.name=two,broken", "SERVICE_NAME=three"});
    CHECK(name("four") == "three");
    environment = block({"OTEL_RESOURCE_ATTRIBUTES=service.name="});
    CHECK(name("four") == "four");
    CHECK(name("") == "five");
}

TEST_CASE("service name: read from procfs, what is missing does not matter") {
    FakeProcfs fake;
    fake.link(7, "exe", "/usr/bin/java");
    const Procfs procfs(fake.root());
    CHECK(service_name(procfs, 7) == "java");
    fake.write(7, "cmdline", block({"java", "-jar", "/srv/shop.jar"}));
    CHECK(service_name(procfs, 7) == "shop");
    fake.write(7, "cgroup", "0::/system.slice/web-shop.service\n");
    CHECK(service_name(procfs, 7) == "web-shop");
    fake.write(7, "environ", block({"SERVICE_NAME=basket"}));
    CHECK(service_name(procfs, 7) == "basket");
    CHECK(service_name(procfs, 8).empty());
}

TEST_CASE("service name: becomes a label") {
    const auto name = [](const std::string& value) {
        return service_name({"SERVICE_NAME=" + value, "", "", ""});
    };
    CHECK(name("caf\xc3\xa9") == "caf\xc3\xa9");
    CHECK(name("a\xff"
               "b\nc") == "a\xef\xbf\xbd"
                          "b\xef\xbf\xbd"
                          "c");
    CHECK(name(std::string(300, 'x')).size() == 255);
    CHECK(name(std::string(254, 'x') + "\xc3\xa9").size() == 254);
}

TEST_CASE("program name: launchers") {
    struct Case {
        std::string executable;
        std::string command_line;
        std::string name;
    };
    for (const Case& c : {
             Case{"/usr/bin/prometheus", block({"prometheus", "--x"}), "prometheus"},
             Case{"/usr/lib/jvm/17/bin/java", block({"java", "-Xmx1g", "-jar", "/a/shop.jar", "x"}),
                  "shop"},
             Case{"/usr/bin/java", block({"java", "-cp", "a.jar:b.jar", "com.acme.Main", "x"}),
                  "com.acme.Main"},
             Case{"/usr/bin/java", block({"java", "-p", "mods", "-m", "shop/com.acme.Main"}),
                  "com.acme.Main"},
             Case{"/usr/bin/java", block({"java", "@args", "--add-opens", "a/b=c", "Main"}),
                  "Main"},
             Case{"/usr/bin/java", block({"java", "-version"}), "java"},
             Case{"/usr/bin/python3.11", block({"python3", "-u", "-X", "dev", "/srv/app.py", "-v"}),
                  "app"},
             Case{"/usr/bin/python3.11", block({"python3", "-m", "http.server", "80"}),
                  "http.server"},
             Case{"/usr/bin/python3.11", block({"python3", "/usr/bin/gunicorn", "app:app"}),
                  "gunicorn"},
             Case{"/usr/bin/python3.11", block({"python3", "-c", "import x"}), "python3.11"},
             Case{"/usr/bin/python3.11", block({"python3"}), "python3.11"},
             Case{"/usr/bin/python3-config", block({"python3-config", "x"}), "python3-config"},
             Case{"/usr/bin/node",
                  block({"node", "-r", "dotenv/config", "--inspect", "srv/server.js"}), "server"},
             Case{"/usr/bin/node", block({"node", "."}), "node"},
             Case{"/usr/bin/node", block({"node", "-e", "1", "x"}), "node"},
             Case{"/usr/bin/node", block({"node", "--", "-odd.js"}), "-odd"},
             Case{"/usr/bin/ruby3.1", block({"ruby", "-I", "lib", "bin/puma", "-p", "80"}), "puma"},
             Case{"/usr/bin/php8.2", block({"php", "-S", "0.0.0.0:80", "router.php"}), "router"},
             Case{"/usr/sbin/php-fpm8.2", block({"php-fpm: master process"}), "php-fpm8.2"},
             Case{"/usr/bin/java", "", "java"},
             Case{"/usr/bin/java", "java\0-jar", "java"},
             Case{"", "", ""},
         }) {
        INFO(c.executable << " " << c.name);
        CHECK(program_name(c.executable, c.command_line) == c.name);
    }
}

} // namespace
} // namespace holter::process
