/*
 * bench_first_light.c - running a network in two parts, against not to.
 *
 *     split-overhead   head and tail against the whole
 *     open-time        opening the halves of a cut that is in the store
 *     open-memory      what a pair of halves keeps for itself
 *     run-overhead     our session against bare ONNX Runtime
 *     remote-call      a call to a server against a bare socket
 *     accounting       what a part is said to keep against what it keeps
 *
 * Every section is a process of its own, so that one's memory and threads
 * are not another's; what is compared is measured in one process, in turns.
 * Arguments name the sections to run; none means all.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/sections.h"
#include "bench/stage.h"

static void remote_call(const char *data)
{
    (void)data;
    section_remote_call();
}

static const struct {
    const char *name;
    void (*run)(const char *data);
} sections[] = {
    {"split-overhead", section_split_overhead},
    {"run-overhead", section_run_overhead},
    {"remote-call", remote_call},
    {"open-cost", section_open_prepare},
    {"open-cost", section_open_cost},
    {"accounting", section_accounting},
};

static int is_asked_for(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return 1;
        }
    }
    return argc < 2;
}

/* Returns whether the section came to its end. */
static int run_apart(void (*section)(const char *data), const char *data)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        section(data);
        fflush(stdout);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(int argc, char **argv)
{
    const char *data = stage_data();
    int failed = 0;

    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if (is_asked_for(sections[i].name, argc, argv) &&
            !run_apart(sections[i].run, data)) {
            fprintf(stderr, "bench: section %s did not end well\n",
                    sections[i].name);
            failed = 1;
        }
    }
    return failed;
}
