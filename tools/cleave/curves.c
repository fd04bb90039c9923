/*
 * curves.c - accuracy against bytes, drawn by gnuplot.
 *
 * gnuplot is a program of its own: it gets its script, the data among it,
 * through a pipe, and what it draws and says comes back in two files without
 * a name. So nothing is left behind, whatever happens.
 */
#include "curves.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/file.h"
#include "wire/sigpipe.h"

#define SCRIPT_MAX ((size_t)64 << 20)
#define PANEL_WIDTH 520
#define PANEL_HEIGHT 360
#define COLUMNS 2

extern char **environ;

/* Colours that the colour-blind tell apart (Okabe and Ito). */
static const char *const colours[] = {"#000000", "#d55e00", "#009e73",
                                      "#0072b2", "#e69f00", "#cc79a7"};

/* -- The script -- */

/* Text for gnuplot within single quotes. */
static void quote(struct clv_buffer *script, const char *text)
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

static int belongs(const struct ratetable_row *row, const char *cut, int coder)
{
    return (int)row->packing.coder == coder && strcmp(row->cut, cut) == 0;
}

static int has_curve(const struct ratetable *table, const char *cut, int coder)
{
    int found = 0;

    for (size_t i = 0; i < table->count; i++) {
        found |= belongs(&table->rows[i], cut, coder);
    }
    return found;
}

static void write_data(struct clv_buffer *script, const struct ratetable *table,
                       const char *cut, size_t panel)
{
    for (int coder = 0; coder < 6; coder++) {
        if (!has_curve(table, cut, coder)) {
            continue;
        }
        clv_buffer_printf(script, "$d%zu_%d << EOD\n", panel, coder);
        for (size_t i = 0; i < table->count; i++) {
            const struct ratetable_row *row = &table->rows[i];
            if (belongs(row, cut, coder)) {
                clv_buffer_printf(script, "%.9g %.9g %.9g %.9g\n",
                                  row->rate.bytes, row->rate.change_pp,
                                  row->rate.ci_low_pp, row->rate.ci_high_pp);
            }
        }
        clv_buffer_printf(script, "EOD\n");
    }
}

static void write_panel(struct clv_buffer *script,
                        const struct ratetable *table, const char *cut,
                        size_t panel, double budget_pp)
{
    const char *before = "plot";

    write_data(script, table, cut, panel);
    clv_buffer_printf(script, "set title ");
    quote(script, cut);
    clv_buffer_printf(script, " noenhanced\n");
    for (int coder = 0; coder < 6; coder++) {
        if (!has_curve(table, cut, coder)) {
            continue;
        }
        clv_buffer_printf(script,
                          "%s $d%zu_%d using 1:2:3:4 with yerrorbars pt 7 "
                          "ps 0.3 lw 0.4 lc rgb '%s' notitle, "
                          "$d%zu_%d using 1:2 with lines lw 2 lc rgb '%s' "
                          "title '%s'",
                          before, panel, coder, colours[coder], panel, coder,
                          colours[coder],
                          clv_coder_name((enum clv_coder)coder));
        before = ",";
    }
    if (before[0] == ',') {
        clv_buffer_printf(script, ", %.9g lc rgb '#888888' dt 2 notitle\n",
                          -budget_pp);
    }
}

static void write_script(struct clv_buffer *script,
                         const struct ratetable *table, char *const *cuts,
                         size_t count, double budget_pp)
{
    size_t columns = count < COLUMNS ? 1 : COLUMNS;
    size_t rows = (count + columns - 1) / columns;
    double depth = budget_pp > 1 ? 6 * budget_pp : 6;

    clv_buffer_printf(
        script,
        "set terminal svg size %zu,%zu dynamic "
        "background rgb 'white'\n"
        "set multiplot layout %zu,%zu\n"
        "set logscale x\nset format x '%%.0s%%c'\nset grid lc rgb '#dddddd'\n"
        "set key bottom right\nset xlabel 'bytes an input'\n"
        "set ylabel 'change, points'\nset yrange [%.9g:%.9g]\n",
        columns * PANEL_WIDTH, rows * PANEL_HEIGHT, rows, columns, -depth,
        depth / 3);
    for (size_t i = 0; i < count; i++) {
        write_panel(script, table, cuts[i], i, budget_pp);
    }
    clv_buffer_printf(script, "unset multiplot\n");
}

/* -- The program -- */

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

/* Runs it, and puts what it drew into `svg`. */
static cleave_status draw(clv_bytes script, FILE *out, FILE *error,
                          struct clv_buffer *svg, cleave_error *err)
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
    clv_buffer_init(&words, SCRIPT_MAX);
    if (read_back(out, svg) != CLEAVE_OK ||
        read_back(error, &words) != CLEAVE_OK) {
        status = clv_fail_errno(err, CLEAVE_IO, "gnuplot", "Reading the plot");
    } else if (code != 0 || svg->size == 0) {
        status = clv_fail(err, CLEAVE_IO, "gnuplot", "It says: %.*s",
                          words.size < 300 ? (int)words.size : 300,
                          words.size > 0 ? (const char *)words.data : "");
    }
    clv_buffer_fini(&words);
    return status;
}

cleave_status curves_draw(const struct ratetable *table, char *const *cuts,
                          size_t cut_count, double budget_pp, const char *path,
                          cleave_error *err)
{
    struct clv_buffer script;
    struct clv_buffer svg;
    FILE *out = tmpfile();
    FILE *error = tmpfile();
    cleave_status status;

    clv_buffer_init(&script, SCRIPT_MAX);
    clv_buffer_init(&svg, SCRIPT_MAX);
    write_script(&script, table, cuts, cut_count, budget_pp);
    status = clv_buffer_status(&script);
    if (status != CLEAVE_OK) {
        status = clv_fail_memory(err, "plot", script.size);
    } else if (out == NULL || error == NULL) {
        status =
            clv_fail_errno(err, CLEAVE_IO, "plot", "Making a temporary file");
    } else {
        status = draw(clv_buffer_bytes(&script), out, error, &svg, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_file_write(path, clv_buffer_bytes(&svg), err);
    }
    if (out != NULL) {
        fclose(out);
    }
    if (error != NULL) {
        fclose(error);
    }
    clv_buffer_fini(&script);
    clv_buffer_fini(&svg);
    return status;
}

cleave_status curves_check(cleave_error *err)
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
