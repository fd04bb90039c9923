/*
 * child.c - starting and ending `cleave`.
 */
#include "bench/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#define ARGUMENTS 64

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* build/bench/bench_x is this program, build/cleave the other one. */
static void find_program(char into[CLV_PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", into, CLV_PATH_MAX - 16);

    if (length < 0) {
        die("/proc/self/exe");
    }
    into[length] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(into, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
    }
    strcat(into, "/cleave");
}

static void become(const char *program, const char *const *args, int out,
                   const char *log)
{
    const char *all[ARGUMENTS] = {program};
    int messages = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    size_t count = 1;

    while (args[count - 1] != NULL && count < ARGUMENTS - 1) {
        all[count] = args[count - 1];
        count++;
    }
    if (messages < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(messages, STDERR_FILENO) < 0) {
        _exit(127);
    }
    execv(program, (char *const *)all);
    _exit(127);
}

void child_start(struct child *child, const char *const *args, const char *log)
{
    char program[CLV_PATH_MAX];
    int ends[2];

    find_program(program);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        die("pipe");
    }
    fflush(stdout);
    child->pid = fork();
    if (child->pid < 0) {
        die("fork");
    }
    if (child->pid == 0) {
        /* A benchmark that fails leaves nobody behind. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        become(program, args, ends[1], log);
    }
    close(ends[1]);
    child->out = ends[0];
}

/* Byte by byte: lines are few and short. */
int child_line(struct child *child, char into[CHILD_LINE])
{
    size_t length = 0;
    char byte;

    while (read(child->out, &byte, 1) == 1) {
        if (byte == '\n') {
            into[length] = '\0';
            return 1;
        }
        if (length < CHILD_LINE - 1) {
            into[length++] = byte;
        }
    }
    return 0;
}

void child_listening(struct child *child, char into[CHILD_LINE])
{
    static const char words[] = "listening on ";
    char line[CHILD_LINE];

    while (child_line(child, line)) {
        const char *at = strstr(line, words);
        if (at != NULL) {
            memmove(into, at + strlen(words), strlen(at) - strlen(words) + 1);
            into[strcspn(into, " ")] = '\0';
            return;
        }
    }
    fprintf(stderr, "bench: cleave ended before it listened\n");
    exit(1);
}

int child_wait(struct child *child)
{
    char rest[512];
    int status = 0;

    while (read(child->out, rest, sizeof rest) > 0) {
    }
    close(child->out);
    if (waitpid(child->pid, &status, 0) < 0) {
        die("waitpid");
    }
    *child = (struct child){0};
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void child_stop(struct child *child)
{
    if (child->pid > 0) {
        kill(child->pid, SIGTERM);
        (void)child_wait(child);
    }
}
