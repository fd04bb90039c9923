/*
 * child.h - the program `cleave` as a child process.
 *
 * Benchmarks that need a server, a link or a profile run the very program
 * that users run. Children are ended by their id, at the latest by
 * child_stop. Everything here ends the benchmark with a message if it fails.
 * Not thread-safe.
 */
#ifndef CLV_CHILD_H
#define CLV_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#define CHILD_LINE 256

struct child {
    pid_t pid; /* 0: none */
    int out;   /* its standard output */
};

/*
 * Starts `cleave` beside the folder of the benchmarks with these arguments
 * (without the program's name, NULL at the end). Its messages go to the file
 * `log`.
 */
void child_start(struct child *child, const char *const *args, const char *log);

/* Reads a line of its output, without the line's end. 0 at the end. */
int child_line(struct child *child, char into[CHILD_LINE]);

/* Waits for "listening on WHERE" and gives WHERE. */
void child_listening(struct child *child, char into[CHILD_LINE]);

/* Waits until it has ended of itself; its exit code. */
int child_wait(struct child *child);

/* Ends it, if it runs, and waits. Takes an all-zero one, too. */
void child_stop(struct child *child);

#endif
