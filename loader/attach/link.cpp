// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/link.h"

#include "loader/attach/sheltered.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <sys/syscall.h>
#include <unistd.h>

namespace holter::attach {

namespace {

// The part of union bpf_attr that BPF_LINK_CREATE reads for uprobe_multi (include/uapi/linux/bpf.h,
// Linux 6.6); Debian 12's header is older.
struct UprobeMultiAttributes {
    std::uint32_t program_fd;
    std::uint32_t target_fd;
    std::uint32_t attach_type;
    std::uint32_t flags;
    std::uint64_t path;
    std::uint64_t offsets;
    std::uint64_t reference_counter_offsets;
    std::uint64_t cookies;
    std::uint32_t count;
    std::uint32_t multi_flags;
    std::uint32_t pid;
    std::uint32_t padding;
};
static_assert(sizeof(UprobeMultiAttributes) == 64);

constexpr std::uint32_t trace_uprobe_multi = 48; // BPF_TRACE_UPROBE_MULTI
constexpr std::uint32_t uprobe_multi_return = 1; // BPF_F_UPROBE_MULTI_RETURN

Error attach_error(int code, const std::string& path, std::int32_t pid) {
    const std::string where = "cannot attach to process " + std::to_string(pid) + " (" + path + ")";
    switch (code) {
    case ESRCH:
    case ENOENT:
        return {"vanished", where + ": it has ended"};
    case EPERM:
    case EACCES:
        return {"permission_denied",
                where + ": " + std::strerror(code) +
                    "; run as root or with CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN"};
    case EOPNOTSUPP:
        return {"not_supported",
                where + ": this kernel or file system does not allow uprobes there"};
    default:
        return {"attach_failed", where + ": " + std::strerror(code)};
    }
}

} // namespace

const char* to_string(Method method) {
    return method == Method::multi ? "multi" : "perf";
}

struct Link::Handles {
    int multi = -1;
    std::vector<bpf_link*> events;

    Handles() = default;
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;
    ~Handles() {
        if (events.empty() && multi < 0)
            return;
        run_sheltered([this] {
            for (bpf_link* link : events)
                bpf_link__destroy(link);
            if (multi >= 0)
                ::close(multi);
        });
    }
};

Link::Link(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Link::Link(Link&&) noexcept = default;
Link& Link::operator=(Link&&) noexcept = default;
Link::~Link() = default;

Result<Link> Link::create(Method method, bpf_program* program, const std::string& path,
                          std::int32_t pid, const std::vector<Point>& points, When when) {
    auto handles = std::make_unique<Handles>();
    if (method == Method::perf) {
        int error = 0;
        handles->events.reserve(points.size());
        run_sheltered([&] {
            for (const Point& point : points) {
                bpf_uprobe_opts options{}; // what the macro LIBBPF_OPTS makes, in C++
                options.sz = sizeof(options);
                options.ref_ctr_offset = point.semaphore_offset;
                options.bpf_cookie = point.cookie;
                options.retprobe = when == When::returned;
                bpf_link* link = bpf_program__attach_uprobe_opts(program, pid, path.c_str(),
                                                                 point.file_offset, &options);
                if (!link) {
                    error = errno;
                    return;
                }
                handles->events.push_back(link);
            }
        });
        if (error != 0)
            return attach_error(error, path, pid);
        return Link(std::move(handles));
    }

    std::vector<std::uint64_t> offsets, cookies, semaphores;
    for (const Point& point : points) {
        offsets.push_back(point.file_offset);
        cookies.push_back(point.cookie);
        semaphores.push_back(point.semaphore_offset);
    }
    UprobeMultiAttributes attributes{};
    attributes.program_fd = static_cast<std::uint32_t>(bpf_program__fd(program));
    attributes.attach_type = trace_uprobe_multi;
    attributes.path = reinterpret_cast<std::uintptr_t>(path.c_str());
    attributes.offsets = reinterpret_cast<std::uintptr_t>(offsets.data());
    attributes.cookies = reinterpret_cast<std::uintptr_t>(cookies.data());
    attributes.reference_counter_offsets = reinterpret_cast<std::uintptr_t>(semaphores.data());
    attributes.multi_flags = when == When::returned ? uprobe_multi_return : 0;
    attributes.count = static_cast<std::uint32_t>(points.size());
    attributes.pid = static_cast<std::uint32_t>(pid);
    int error = 0;
    run_sheltered([&] {
        handles->multi =
            static_cast<int>(::syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes)));
        error = errno;
    });
    if (handles->multi < 0)
        return attach_error(error, path, pid);
    return Link(std::move(handles));
}

} // namespace holter::attach
