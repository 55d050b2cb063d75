// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/cgroup.h"

#include "catch.h"

#include <string>

namespace holter::process {
namespace {

const std::string id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string outer = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

TEST_CASE("cgroup: containers as every runtime spells them") {
    const std::string pod = "/kubepods.slice/kubepods-burstable.slice/"
                            "kubepods-burstable-pod1f2e3d4c_0000_1111_2222_333344445555.slice";
    for (const std::string& line : {
             "0::/docker/" + id,
             "0::/system.slice/docker-" + id + ".scope",
             "0::" + pod + "/cri-containerd-" + id + ".scope",
             "0::" + pod + "/crio-" + id + ".scope",
             "0::/../.." + pod + "/cri-containerd-" + id + ".scope",
             "0::/system.slice/containerd.service/kubepods-burstable-pod1f2e3d4c.slice:"
             "cri-containerd:" +
                 id,
             "12:cpu,cpuacct:/kubepods/besteffort/pod1f2e3d4c-0000-1111-2222-333344445555/" + id,
             "0::/machine.slice/libpod-" + id + ".scope/container",
             "0::/docker/" + outer + "/kubelet.slice/cri-containerd-" + id + ".scope",
         }) {
        const Cgroup cgroup = parse_cgroup(line + "\n");
        INFO(line);
        CHECK(cgroup.container_id == id);
        CHECK(cgroup.systemd_unit.empty());
    }
}

TEST_CASE("cgroup: the monitor beside a container is not in it") {
    CHECK(parse_cgroup("0::/machine.slice/libpod-conmon-" + id + ".scope\n").container_id.empty());
    CHECK(parse_cgroup("0::/kubepods.slice/crio-conmon-" + id + ".scope\n").container_id.empty());
}

TEST_CASE("cgroup: other digits are not a container") {
    CHECK(parse_cgroup("0::/a/" + id.substr(1)).container_id.empty());
    CHECK(parse_cgroup("0::/a/" + id + "0").container_id.empty());
    CHECK(parse_cgroup("0::/a/x" + id).container_id.empty());
}

TEST_CASE("cgroup: systemd units") {
    const auto unit = [](const std::string& content) { return parse_cgroup(content).systemd_unit; };
    CHECK(unit("0::/system.slice/ssh.service\n") == "ssh");
    CHECK(unit("0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n") ==
          "postgresql@15-main");
    CHECK(unit("0::/system.slice/shop.service/workers\n") == "shop");
    CHECK(unit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/editor.service\n") ==
          "editor");
    CHECK(unit("12:cpu:/x.service\n1:name=systemd:/system.slice/nginx.service\n0::/\n") == "nginx");

    CHECK(unit("0::/user.slice/user-1000.slice/session-3.scope\n").empty());
    CHECK(unit("0::/user.slice/user-1000.slice/user@1000.service/init.scope\n").empty());
    CHECK(unit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope\n").empty());
    CHECK(unit("0::/user.slice/user-1000.slice/user@1000.service\n").empty());
    CHECK(unit("0::/init.scope\n").empty());
    CHECK(unit("0::/\n").empty());
}

TEST_CASE("cgroup: a unit inside a container keeps both") {
    const Cgroup cgroup = parse_cgroup("0::/docker/" + id + "/system.slice/web.service\n");
    CHECK(cgroup.container_id == id);
    CHECK(cgroup.systemd_unit == "web");
}

TEST_CASE("cgroup: nonsense is nothing") {
    for (const std::string content : {"", "\n", "::", "0:", "x", "0::", ":::::"}) {
        const Cgroup cgroup = parse_cgroup(content);
        CHECK(cgroup.container_id.empty());
        CHECK(cgroup.systemd_unit.empty());
    }
}

} // namespace
} // namespace holter::process
