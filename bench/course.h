/*
 * course.h - a benchmark of several sections, each a process of its own.
 *
 * So one section's memory and threads are not another's, and one that fails
 * does not end the others. Arguments name the sections to run; none means
 * all. `--quick` measures a little of everything, to try the benchmark itself:
 * its numbers mean nothing.
 */
#ifndef CLV_COURSE_H
#define CLV_COURSE_H

#include <stddef.h>

struct course_effort {
    int quick;
};

struct course_section {
    const char *name;
    /* `data` is the folder of the test data, or NULL. */
    void (*run)(const char *data, const struct course_effort *effort);
};

/* Runs what the arguments name; what main returns: 0, 1 if a section did not
   end well, 2 for an argument that is none. */
int course_run(const struct course_section *sections, size_t count, int argc,
               char **argv);

#endif
