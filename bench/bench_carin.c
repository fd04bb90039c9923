/*
 * bench_carin.c - several tasks under SLOs: choosing, keeping, switching.
 *
 *     use_cases  what RASS and its rivals choose, and how good that is
 *     states     the switching table in each of its states
 *     storage    what is kept of all variants
 *     lookup     one look-up in the table
 *     switch     a warm switch, and whom it delays
 *     live       SLOs under overload and want of memory
 *
 * Every section is a process of its own. Arguments name the sections to run;
 * none means all. `--quick` measures a little of everything, to try the
 * benchmark itself: its numbers mean nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/carin_sections.h"
#include "bench/stage.h"

typedef void section(const char *data, const struct carin_effort *effort);

static const struct {
    const char *name;
    section *run;
} sections[] = {
    {"use_cases", section_use_cases}, {"states", section_states},
    {"storage", section_storage},     {"lookup", section_lookup},
    {"switch", section_switch},       {"live", section_live},
};

#define SECTIONS (sizeof sections / sizeof sections[0])

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
static int all_known(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int known = strcmp(argv[i], "--quick") == 0;
        for (size_t s = 0; s < SECTIONS; s++) {
            known |= strcmp(argv[i], sections[s].name) == 0;
        }
        if (!known) {
            fprintf(stderr, "bench: there is no section %s; there are",
                    argv[i]);
            for (size_t s = 0; s < SECTIONS; s++) {
                fprintf(stderr, " %s", sections[s].name);
            }
            fprintf(stderr, "\n");
            return 0;
        }
    }
    return 1;
}

/* Returns whether the section came to its end; says which signal ended it. */
static int run_apart(section *run, const char *data,
                     const struct carin_effort *effort)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        run(data, effort);
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

int main(int argc, char **argv)
{
    struct carin_effort effort = {.quick = is_given("--quick", argc, argv)};
    int all = argc - effort.quick < 2;
    const char *data = stage_data();
    int failed = 0;

    if (!all_known(argc, argv)) {
        return 2;
    }
    if (data == NULL) {
        printf("there is no test data; name its folder in CLEAVE_DATA\n");
        return 77;
    }
    for (size_t i = 0; i < SECTIONS; i++) {
        if ((all || is_given(sections[i].name, argc, argv)) &&
            !run_apart(sections[i].run, data, &effort)) {
            fprintf(stderr, "bench: section %s did not end well\n",
                    sections[i].name);
            failed = 1;
        }
    }
    return failed;
}
