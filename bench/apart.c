/*
 * apart.c - jobs in processes of their own, a few at a time.
 *
 * Results lie in an anonymous shared map, made before the first fork. When
 * all places are taken, the parent waits for whichever child ends first.
 */
#include "bench/apart.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/stage.h"

#define MOST_AT_ONCE 4

struct apart {
    size_t count;
    size_t result_bytes;
    pid_t *children; /* 0 once it has ended well, -1 if it did not */
    char *results;
};

static size_t map_bytes(const struct apart *a)
{
    return a->count * a->result_bytes + 1;
}

static struct apart *make(size_t count, size_t result_bytes)
{
    struct apart *a = calloc(1, sizeof *a);

    stage_must(a != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "jobs");
    a->count = count;
    a->result_bytes = result_bytes;
    a->children = calloc(count + 1, sizeof *a->children);
    stage_must(a->children != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "jobs");
    a->results = mmap(NULL, map_bytes(a), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    stage_must(a->results != MAP_FAILED ? CLEAVE_OK : CLEAVE_MEMORY, NULL,
               "jobs");
    return a;
}

static void start(struct apart *a, size_t index, apart_job *job, void *self)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        job(self, index, a->results + index * a->result_bytes);
        fflush(stdout);
        _exit(0);
    }
    a->children[index] = child;
}

/* Waits for one child; 0 if there is none to wait for. */
static int await(struct apart *a)
{
    int status = 0;
    pid_t ended = wait(&status);

    for (size_t i = 0; i < a->count && ended > 0; i++) {
        if (a->children[i] == ended) {
            a->children[i] = status == 0 ? 0 : -1;
        }
    }
    return ended > 0;
}

struct apart *apart_run(size_t count, size_t result_bytes, apart_job *job,
                        void *self)
{
    struct apart *a = make(count, result_bytes);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t at_once = cores < 1              ? 1
                     : cores > MOST_AT_ONCE ? MOST_AT_ONCE
                                            : (size_t)cores;

    for (size_t i = 0; i < count; i++) {
        if (i >= at_once) {
            await(a);
        }
        start(a, i, job, self);
    }
    while (await(a)) {
    }
    return a;
}

void apart_free(struct apart *a)
{
    if (a != NULL) {
        munmap(a->results, map_bytes(a));
        free(a->children);
        free(a);
    }
}

const void *apart_result(const struct apart *a, size_t index)
{
    return a->children[index] == 0 ? a->results + index * a->result_bytes
                                   : NULL;
}

void apart_must(const struct apart *a)
{
    size_t failed = 0;

    for (size_t i = 0; i < a->count; i++) {
        failed += a->children[i] != 0;
    }
    if (failed > 0) {
        fprintf(stderr, "bench: %zu of %zu jobs did not end well\n", failed,
                a->count);
        exit(1);
    }
}
