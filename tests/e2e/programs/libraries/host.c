// SPDX-License-Identifier: Apache-2.0
//
// A program that loads and unloads the library when a line of its standard input says
// so. With PROBED it has a probe of its own.
#define _GNU_SOURCE
#include <sys/sdt.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

static void* library;

static int load(const char* path) {
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return library != NULL;
}

/* As libraries do that make probes at run time: the file has no name but a number. */
static int load_from_memory(const char* path) {
    int from = open(path, O_RDONLY), to = memfd_create("libplugin-in-memory", 0);
    char name[64];
    int loaded;

    while (sendfile(to, from, NULL, 1 << 20) > 0)
        ;
    snprintf(name, sizeof(name), "/proc/self/fd/%d", to);
    loaded = load(name);
    close(from);
    close(to);
    return loaded;
}

static int work(int times) {
    void (*plugin_work)(int) = library ? (void (*)(int))dlsym(library, "plugin_work") : NULL;

    if (!plugin_work)
        return 0;
    plugin_work(times);
    return 1;
}

int main(void) {
    char line[4096], path[4000];
    int times, done;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("{\"ready\": true}\n");
    while (fgets(line, sizeof(line), stdin)) {
        done = 1;
        if (sscanf(line, "load %3999s", path) == 1)
            done = load(path);
        else if (sscanf(line, "memory %3999s", path) == 1)
            done = load_from_memory(path);
        else if (sscanf(line, "work %d", &times) == 1)
            done = work(times);
        else if (!strcmp(line, "unload\n"))
            done = dlclose(library) == 0;
        else if (sscanf(line, "reload %d %3999s", &times, path) == 2)
            for (int i = 0; done && i < times; i++) {
                done = dlclose(library) == 0 && load(path);
                usleep(20000);
            }
#ifdef PROBED
        STAP_PROBE(host, line);
#endif
        printf(done ? "{\"done\": true}\n" : "{\"error\": \"%s\"}\n", dlerror());
    }
    return 0;
}
