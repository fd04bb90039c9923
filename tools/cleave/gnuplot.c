/*
 * gnuplot.c - drawing by gnuplot.
 *
 * gnuplot is a program of its own: it gets its script, the data among it,
 * through a pipe, and what it draws and says comes back in two files without
 * a name. So nothing is left behind, whatever happens.
 */
#include "gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/file.h"
#include "wire/sigpipe.h"

extern char **environ;

void gnuplot_quote(struct clv_buffer *script, const char *text)
{
    clv_buffer_append(script, "'", 1);
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            clv_buffer_append(script, "''", 2);
        } else if (*text != '\n') {
            clv_buffer_append(script, text, 1);
        }
    }
    clv_buffer_append(script, "'", 1);
}

static cleave_status missing(cleave_error *err)
{
    return clv_fail(err, CLEAVE_NOT_FOUND, "gnuplot",
                    "Drawing needs the program gnuplot; install it, for "
                    "example with `apt-get install gnuplot-nox`, or leave "
                    "--plot away.");
}

/* Starts gnuplot with these as its standard input, output and error. */
static int start(int in, int out, int error, int not_in, pid_t *ret_pid)
{
    char name[] = "gnuplot";
    char dash[] = "-";
    char *argv[] = {name, dash, NULL};
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);

    if (code != 0) {
        return code;
    }
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, not_in);
    posix_spawn_file_actions_addclose(&actions, in);
    code = posix_spawnp(ret_pid, name, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static void feed(int fd, clv_bytes script)
{
    struct clv_sigpipe hold;

    clv_sigpipe_hold(&hold);
    while (script.size > 0) {
        ssize_t n = write(fd, script.data, script.size);
        if (n < 0 && errno != EINTR) {
            break; /* it has ended, and its words will tell why */
        }
        script.data += n > 0 ? n : 0;
        script.size -= n > 0 ? (size_t)n : 0;
    }
    clv_sigpipe_release(&hold);
}

/* Runs gnuplot on the script; 0 if it ended well. */
static int run(clv_bytes script, int out, int error, int *ret_code)
{
    int ends[2];
    int code;
    int state = -1;
    pid_t pid;

    if (pipe(ends) != 0) {
        return errno;
    }
    code = start(ends[0], out, error, ends[1], &pid);
    close(ends[0]);
    if (code == 0) {
        feed(ends[1], script);
    }
    close(ends[1]);
    if (code == 0) {
        while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
        }
        *ret_code = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    }
    return code;
}

/* What was written to a file without a name. */
static cleave_status read_back(FILE *file, struct clv_buffer *into)
{
    size_t n;

    rewind(file);
    do {
        if (clv_buffer_reserve(into, 1 << 16) != CLEAVE_OK) {
            return clv_buffer_status(into);
        }
        n = fread(into->data + into->size, 1, 1 << 16, file);
        into->size += n;
    } while (n > 0);
    return ferror(file) ? CLEAVE_IO : CLEAVE_OK;
}

/* Runs it, and puts what it drew into `picture`. */
static cleave_status draw(clv_bytes script, FILE *out, FILE *error,
                          struct clv_buffer *picture, cleave_error *err)
{
    struct clv_buffer words;
    int code = 0;
    int failed = run(script, fileno(out), fileno(error), &code);
    cleave_status status = CLEAVE_OK;

    if (failed == ENOENT || code == 127) {
        return missing(err);
    }
    if (failed != 0) {
        errno = failed;
        return clv_fail_errno(err, CLEAVE_IO, "gnuplot", "Starting");
    }
    clv_buffer_init(&words, GNUPLOT_MAX);
    if (read_back(out, picture) != CLEAVE_OK ||
        read_back(error, &words) != CLEAVE_OK) {
        status = clv_fail_errno(err, CLEAVE_IO, "gnuplot", "Reading the plot");
    } else if (code != 0 || picture->size == 0) {
        status = clv_fail(err, CLEAVE_IO, "gnuplot", "It says: %.*s",
                          words.size < 300 ? (int)words.size : 300,
                          words.size > 0 ? (const char *)words.data : "");
    }
    clv_buffer_fini(&words);
    return status;
}

cleave_status gnuplot_draw(const struct clv_buffer *script, const char *path,
                           cleave_error *err)
{
    struct clv_buffer picture;
    FILE *out = tmpfile();
    FILE *error = tmpfile();
    cleave_status status = clv_buffer_status(script);

    clv_buffer_init(&picture, GNUPLOT_MAX);
    if (status != CLEAVE_OK) {
        status = clv_fail_memory(err, "plot", script->size);
    } else if (out == NULL || error == NULL) {
        status =
            clv_fail_errno(err, CLEAVE_IO, "plot", "Making a temporary file");
    } else {
        status = draw(clv_buffer_bytes(script), out, error, &picture, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_file_write(path, clv_buffer_bytes(&picture), err);
    }
    if (out != NULL) {
        fclose(out);
    }
    if (error != NULL) {
        fclose(error);
    }
    clv_buffer_fini(&picture);
    return status;
}

cleave_status gnuplot_check(cleave_error *err)
{
    static const char nothing[] = "exit\n";
    FILE *out = tmpfile();
    int code = 0;
    int failed = EIO;

    if (out != NULL) {
        failed = run((clv_bytes){(const uint8_t *)nothing, sizeof nothing - 1},
                     fileno(out), fileno(out), &code);
        fclose(out);
    }
    return failed == 0 && code == 0 ? CLEAVE_OK : missing(err);
}
