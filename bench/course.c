/*
 * course.c - a benchmark of several sections, each a process of its own.
 *
 * Sections end with _exit: what libraries want to do at exit is no part of a
 * measurement, and has hung forked processes.
 */
#include "bench/course.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/stage.h"

static int is_given(const char *word, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], word) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Complains of an argument that is none. */
static int all_known(const struct course_section *sections, size_t count,
                     int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int known = strcmp(argv[i], "--quick") == 0;
        for (size_t s = 0; s < count; s++) {
            known |= strcmp(argv[i], sections[s].name) == 0;
        }
        if (!known) {
            fprintf(stderr, "bench: there is no section %s; there are",
                    argv[i]);
            for (size_t s = 0; s < count; s++) {
                fprintf(stderr, " %s", sections[s].name);
            }
            fprintf(stderr, "\n");
            return 0;
        }
    }
    return 1;
}

/* Returns whether the section came to its end; says which signal ended it. */
static int run_apart(const struct course_section *section, const char *data,
                     const struct course_effort *effort)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        section->run(data, effort);
        fflush(stdout);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return 0;
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "bench: %s\n", strsignal(WTERMSIG(status)));
    }
    return status == 0;
}

int course_run(const struct course_section *sections, size_t count, int argc,
               char **argv)
{
    struct course_effort effort = {.quick = is_given("--quick", argc, argv)};
    int all = argc - effort.quick < 2;
    const char *data = stage_data();
    int failed = 0;

    if (!all_known(sections, count, argc, argv)) {
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        if ((all || is_given(sections[i].name, argc, argv)) &&
            !run_apart(&sections[i], data, &effort)) {
            fprintf(stderr, "bench: section %s did not end well\n",
                    sections[i].name);
            failed = 1;
        }
    }
    return failed;
}
