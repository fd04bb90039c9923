/*
 * bench_packing.c - what packing costs in bytes and time, next to others.
 *
 *     bytes      bytes at no more than a point of top-1 lost: dense against
 *                lz on cuts, and the best cut against JPEG and WebP
 *     entropy    frames of dense against their own model's ideal length
 *     rivals     the same symbols through general compressors
 *     speed      nanoseconds an element, each way
 *
 * Tensors are those of trained networks on photographs. Every section is a
 * process of its own, and all but `speed` have a process for each network.
 * Arguments name the sections to run; none means all. `--quick` measures a
 * little of everything, to try the benchmark itself: its numbers mean
 * nothing.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/packing_sections.h"
#include "bench/tally.h"

typedef void section(const char *data, const struct effort *effort);

static const struct {
    const char *name;
    section *run;
} sections[] = {
    {"bytes", section_bytes},
    {"entropy", section_entropy},
    {"rivals", section_rivals},
    {"speed", section_speed},
};

static const struct effort whole = {
    .teach = CLV_SAMPLING_DEFAULT,
    .cuts = EXHIBIT_CUTS,
    .inputs = 20,
    .rounds = 101,
};

static const struct effort quick = {
    .quick = 1,
    .teach = 8,
    .examine = 24,
    .cuts = 2,
    .inputs = 2,
    .rounds = 11,
};

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
        for (size_t s = 0; s < sizeof sections / sizeof sections[0]; s++) {
            known |= strcmp(argv[i], sections[s].name) == 0;
        }
        if (!known) {
            fprintf(stderr,
                    "bench: there is no section %s; there are bytes, entropy, "
                    "rivals and speed\n",
                    argv[i]);
            return 0;
        }
    }
    return 1;
}

/* Returns whether the section came to its end. */
static int run_apart(section *run, const char *data,
                     const struct effort *effort)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        run(data, effort);
        fflush(stdout);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(int argc, char **argv)
{
    const char *data = stage_data();
    int is_quick = is_given("--quick", argc, argv);
    int all = argc - is_quick < 2;
    int failed = 0;

    if (!all_known(argc, argv)) {
        return 2;
    }
    if (data == NULL) {
        tally_skip("packing", "packing of real tensors",
                   "there is no test data; name it with CLEAVE_DATA");
        return 0;
    }
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if ((all || is_given(sections[i].name, argc, argv)) &&
            !run_apart(sections[i].run, data, is_quick ? &quick : &whole)) {
            fprintf(stderr, "bench: section %s did not end well\n",
                    sections[i].name);
            failed = 1;
        }
    }
    return failed;
}
