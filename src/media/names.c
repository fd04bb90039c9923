/*
 * names.c - class names, split in place from one block of text.
 */
#include "media/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

static clv_bytes without_mark(clv_bytes bytes)
{
    if (bytes.size >= 3 && memcmp(bytes.data, byte_order_mark, 3) == 0) {
        bytes.data += 3;
        bytes.size -= 3;
    }
    return bytes;
}

static size_t count_lines(clv_bytes bytes)
{
    size_t lines = 0;

    for (size_t i = 0; i < bytes.size; i++) {
        lines += bytes.data[i] == '\n';
    }
    if (bytes.size > 0 && bytes.data[bytes.size - 1] != '\n') {
        lines++;
    }
    return lines;
}

/* Cuts `names->text` at its newlines into `names->count` names. */
static void split(struct clv_names *names)
{
    char *line = names->text;

    for (size_t i = 0; i < names->count; i++) {
        size_t length = strcspn(line, "\n");
        char *end = line + length;

        names->list[i] = line;
        line = end + (*end == '\n');
        *end = '\0';
        if (length > 0 && end[-1] == '\r') {
            end[-1] = '\0';
        }
    }
}

cleave_status clv_names_init(struct clv_names *names, clv_bytes bytes,
                             const char *path, cleave_error *err)
{
    struct clv_names n = {0};

    bytes = without_mark(bytes);
    n.count = count_lines(bytes);
    if (bytes.size > CLV_NAMES_BYTES || n.count > CLV_NAMES_MAX) {
        return clv_fail(err, CLEAVE_LIMIT, path,
                        "A list of names has at most %zu bytes and %zu lines.",
                        CLV_NAMES_BYTES, CLV_NAMES_MAX);
    }
    if (bytes.size > 0 && memchr(bytes.data, 0, bytes.size) != NULL) {
        return clv_fail(err, CLEAVE_CORRUPT, path,
                        "This is not a text file; one name a line is wanted.");
    }
    n.text = calloc(1, bytes.size + 1);
    n.list = calloc(n.count + 1, sizeof *n.list);
    if (n.text == NULL || n.list == NULL) {
        clv_names_fini(&n);
        return clv_fail_memory(err, path, bytes.size);
    }
    if (bytes.size > 0) {
        memcpy(n.text, bytes.data, bytes.size);
    }
    split(&n);
    *names = n;
    return CLEAVE_OK;
}

cleave_status clv_names_read(struct clv_names *names, const char *path,
                             cleave_error *err)
{
    struct clv_buffer b;
    cleave_status status;

    clv_buffer_init(&b, CLV_NAMES_BYTES);
    status = clv_file_read(path, CLV_NAMES_BYTES, &b, err);
    if (status == CLEAVE_OK) {
        status = clv_names_init(names, clv_buffer_bytes(&b), path, err);
    }
    clv_buffer_fini(&b);
    return status;
}

void clv_names_fini(struct clv_names *names)
{
    free(names->text);
    free(names->list);
    *names = (struct clv_names){0};
}
