/*
 * ledger.c - measurements as they come, so that a run cut off loses none.
 *
 *     {"ledger": "cleave rate 1", "key": "6b1f..."}
 *     {"cut": "conv4_relu", "coder": "dense", ...}
 *     {"cut": "conv4_re                                <- killed here
 *
 * The file stays open and locked as long as the ledger is; the lock is the
 * system's, so it goes with the process, however that ends.
 */
#include "profile/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/file.h"

#define MARK "cleave rate 1"

struct clv_ledger {
    int fd;
    char *path;
    struct clv_row *rows;
    size_t count;
};

static int add_row(struct clv_ledger *l, struct clv_row *row)
{
    struct clv_row *grown = realloc(l->rows, (l->count + 1) * sizeof *grown);

    if (grown == NULL) {
        clv_row_fini(row);
        return 0;
    }
    l->rows = grown;
    grown[l->count++] = *row;
    return 1;
}

/* -- Reading -- */

static cleave_status no_ledger(const struct clv_ledger *l, cleave_error *err)
{
    return clv_fail(err, CLEAVE_CORRUPT, l->path,
                    "This file is not a record of measurements; it is left as "
                    "it is. Name another one.");
}

static cleave_status check_mark(const struct clv_ledger *l, const char *line,
                                size_t length, const char *key,
                                cleave_error *err)
{
    json_t *object = json_loadb(line, length, 0, NULL);
    const char *mark = json_string_value(json_object_get(object, "ledger"));
    const char *found = json_string_value(json_object_get(object, "key"));
    cleave_status status = CLEAVE_OK;

    if (mark == NULL || found == NULL || strcmp(mark, MARK) != 0) {
        status = no_ledger(l, err);
    } else if (key != NULL && strcmp(found, key) != 0) {
        status = clv_fail(err, CLEAVE_MISMATCH, l->path,
                          "These measurements are of another model, data, "
                          "calibration, engine or version; give --fresh to "
                          "start over, or name another file.");
    }
    json_decref(object);
    return status;
}

static cleave_status take_line(struct clv_ledger *l, const char *line,
                               size_t length, cleave_error *err)
{
    json_t *object = json_loadb(line, length, 0, NULL);
    struct clv_row row;
    int is_row = object != NULL && clv_row_read(object, &row);

    json_decref(object);
    if (!is_row) {
        return no_ledger(l, err);
    }
    return add_row(l, &row) ? CLEAVE_OK
                            : clv_fail_memory(err, l->path, sizeof row);
}

/* Takes whole lines; ret_whole is where they end. */
static cleave_status take_lines(struct clv_ledger *l, clv_bytes text,
                                const char *key, size_t *ret_whole,
                                cleave_error *err)
{
    const char *at = (const char *)text.data;
    size_t left = text.size;
    cleave_status status = CLEAVE_OK;
    int first = 1;

    while (status == CLEAVE_OK && left > 0) {
        const char *end = memchr(at, '\n', left);
        if (end == NULL) {
            break;
        }
        size_t length = (size_t)(end - at);
        status = first ? check_mark(l, at, length, key, err)
                       : take_line(l, at, length, err);
        first = 0;
        left -= length + 1;
        at = end + 1;
    }
    *ret_whole = text.size - left;
    return status;
}

/* Cuts the file down to `size`. */
static cleave_status cut_down(struct clv_ledger *l, size_t size,
                              cleave_error *err)
{
    return ftruncate(l->fd, (off_t)size) == 0
               ? CLEAVE_OK
               : clv_fail_errno(err, CLEAVE_IO, l->path,
                                "Shortening the record");
}

/* The rows that are there, without a beginning of one; or none of them. */
static cleave_status read_rows(struct clv_ledger *l, const char *key, int fresh,
                               size_t *ret_whole, cleave_error *err)
{
    struct clv_buffer text;
    size_t whole = 0;
    cleave_status status;

    clv_buffer_init(&text, CLV_LEDGER_BYTES);
    status = clv_file_read(l->path, CLV_LEDGER_BYTES, &text, err);
    if (status == CLEAVE_OK && fresh) {
        const char *end =
            text.size > 0 ? memchr(text.data, '\n', text.size) : NULL;
        if (end != NULL) {
            status =
                check_mark(l, (const char *)text.data,
                           (size_t)(end - (const char *)text.data), NULL, err);
        }
    } else if (status == CLEAVE_OK) {
        status = take_lines(l, clv_buffer_bytes(&text), key, &whole, err);
    }
    /* What has no line at all must at least look like the start of one. */
    if (status == CLEAVE_OK && whole == 0 && text.size > 0 &&
        memcmp(text.data, "{\"ledger\"", text.size < 9 ? text.size : 9) != 0) {
        status = no_ledger(l, err);
    }
    if (status == CLEAVE_OK && whole < text.size) {
        status = cut_down(l, whole, err);
    }
    clv_buffer_fini(&text);
    *ret_whole = whole;
    return status;
}

/* -- Writing -- */

static cleave_status write_line(struct clv_ledger *l, json_t *object,
                                cleave_error *err)
{
    char *line = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    size_t length = line != NULL ? strlen(line) : 0;
    cleave_status status = CLEAVE_OK;

    json_decref(object);
    if (line == NULL) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, l->path,
                        "A measurement cannot be written as JSON: a name is "
                        "not UTF-8, or there is no memory.");
    }
    line[length] = '\n'; /* where the final zero was */
    ssize_t written = write(l->fd, line, length + 1);
    if (written != (ssize_t)(length + 1)) {
        errno = written >= 0 ? ENOSPC : errno;
        status =
            clv_fail_errno(err, CLEAVE_IO, l->path, "Recording a measurement");
    } else if (fdatasync(l->fd) != 0) {
        status =
            clv_fail_errno(err, CLEAVE_IO, l->path, "Recording a measurement");
    }
    free(line);
    return status;
}

static cleave_status begin(struct clv_ledger *l, const char *key,
                           cleave_error *err)
{
    return write_line(l, json_pack("{s:s, s:s}", "ledger", MARK, "key", key),
                      err);
}

static cleave_status lock(struct clv_ledger *l, cleave_error *err)
{
    l->fd = open(l->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (l->fd < 0) {
        return clv_fail_errno(err, CLEAVE_IO, l->path, "Opening the record");
    }
    if (flock(l->fd, LOCK_EX | LOCK_NB) != 0) {
        return clv_fail(err, CLEAVE_BUSY, l->path,
                        "Another process is writing these measurements; wait "
                        "for it, or name another file.");
    }
    return CLEAVE_OK;
}

cleave_status clv_ledger_open(const char *path, const char *key, int fresh,
                              struct clv_ledger **ret_ledger, cleave_error *err)
{
    struct clv_ledger *l = calloc(1, sizeof *l);
    size_t whole = 0;
    cleave_status status;

    if (l == NULL) {
        return clv_fail_memory(err, path, sizeof *l);
    }
    l->fd = -1;
    l->path = strdup(path);
    status = l->path != NULL ? lock(l, err)
                             : clv_fail_memory(err, path, strlen(path));
    if (status == CLEAVE_OK) {
        status = read_rows(l, key, fresh, &whole, err);
    }
    if (status == CLEAVE_OK && whole == 0) {
        status = begin(l, key, err);
    }
    if (status != CLEAVE_OK) {
        clv_ledger_close(l);
        return status;
    }
    *ret_ledger = l;
    return CLEAVE_OK;
}

void clv_ledger_close(struct clv_ledger *l)
{
    if (l == NULL) {
        return;
    }
    for (size_t i = 0; i < l->count; i++) {
        clv_row_fini(&l->rows[i]);
    }
    if (l->fd >= 0) {
        close(l->fd);
    }
    free(l->rows);
    free(l->path);
    free(l);
}

size_t clv_ledger_count(const struct clv_ledger *ledger)
{
    return ledger->count;
}

static int same_packing(const struct clv_packing *a,
                        const struct clv_packing *b)
{
    char x[CLV_PACKING_TEXT];
    char y[CLV_PACKING_TEXT];

    return strcmp(clv_packing_text(a, x), clv_packing_text(b, y)) == 0;
}

const struct clv_row *clv_ledger_find(const struct clv_ledger *ledger,
                                      const char *cut,
                                      const struct clv_packing *packing)
{
    for (size_t i = 0; i < ledger->count; i++) {
        if (strcmp(ledger->rows[i].cut, cut) == 0 &&
            same_packing(&ledger->rows[i].packing, packing)) {
            return &ledger->rows[i];
        }
    }
    return NULL;
}

cleave_status clv_ledger_append(struct clv_ledger *ledger, const char *cut,
                                const struct clv_packing *packing,
                                const struct clv_rate *rate, cleave_error *err)
{
    struct clv_row row = {
        .cut = strdup(cut), .packing = *packing, .rate = *rate};
    cleave_status status;

    if (row.cut == NULL) {
        return clv_fail_memory(err, ledger->path, strlen(cut));
    }
    status = write_line(ledger, clv_row_json(cut, packing, rate), err);
    if (status != CLEAVE_OK) {
        clv_row_fini(&row);
        return status;
    }
    return add_row(ledger, &row)
               ? CLEAVE_OK
               : clv_fail_memory(err, ledger->path, sizeof row);
}
