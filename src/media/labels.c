/*
 * labels.c - a table of classes, sorted so that one is found quickly.
 *
 * Labels by file are sorted by base name first, because that is what the two
 * sides always share; those with one base name stand together and their
 * folders decide. Labels by row are sorted by row.
 */
#include "media/labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"
#include "base/place.h"
#include "media/csv.h"

#define FIRST_ROWS 256

struct label {
    const char *file; /* in `text`, or NULL by row */
    uint64_t row;
    int64_t class_index;
    unsigned line;
};

struct clv_labels {
    char *text;
    char *path;
    struct label *list;
    size_t count;
    size_t capacity;
    int by_row;
};

/* Which columns matter, and how many there are. */
struct columns {
    size_t key;
    size_t class_index;
    size_t count;
};

static int find_column(char **fields, size_t count, const char *name,
                       size_t *ret_column)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i], name) == 0) {
            *ret_column = i;
            return 1;
        }
    }
    return 0;
}

static cleave_status read_header(struct clv_labels *labels, struct clv_csv *csv,
                                 char **fields, struct columns *columns,
                                 cleave_error *err)
{
    cleave_status status =
        clv_csv_next(csv, fields, CLV_LABELS_COLUMNS, &columns->count, err);
    int by_file;

    if (status != CLEAVE_OK) {
        return status;
    }
    if (!find_column(fields, columns->count, "class_index",
                     &columns->class_index)) {
        return clv_fail_at(err, CLEAVE_INVALID, labels->path, csv->line,
                           "The first line must name the columns, and one "
                           "must be class_index.");
    }
    labels->by_row = find_column(fields, columns->count, "row", &columns->key);
    by_file = find_column(fields, columns->count, "file", &columns->key);
    if (labels->by_row == by_file) {
        return clv_fail_at(err, CLEAVE_INVALID, labels->path, csv->line,
                           "Exactly one column must be called file (labels of "
                           "pictures) or row (labels of stacked arrays).");
    }
    return CLEAVE_OK;
}

static int scan_number(const char *text, int64_t *ret_number)
{
    int64_t number = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 12 || text[digits] != '\0') {
        return 0;
    }
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (text[i] - '0');
    }
    *ret_number = number;
    return 1;
}

static cleave_status scan_label(const struct clv_labels *labels, char **fields,
                                size_t count, const struct columns *columns,
                                struct label *label, cleave_error *err)
{
    int64_t row = 0;

    if (count != columns->count) {
        return clv_fail_at(err, CLEAVE_CORRUPT, labels->path, label->line,
                           "This row has %zu fields, the header %zu.", count,
                           columns->count);
    }
    if (!scan_number(fields[columns->class_index], &label->class_index)) {
        return clv_fail_at(err, CLEAVE_CORRUPT, labels->path, label->line,
                           "class_index must be a number from 0 on, not "
                           "\"%.40s\".",
                           fields[columns->class_index]);
    }
    if (!labels->by_row) {
        label->file = fields[columns->key];
        if (clv_path_name(label->file)[0] != '\0') {
            return CLEAVE_OK;
        }
        return clv_fail_at(err, CLEAVE_CORRUPT, labels->path, label->line,
                           "This row names no file.");
    }
    if (!scan_number(fields[columns->key], &row)) {
        return clv_fail_at(err, CLEAVE_CORRUPT, labels->path, label->line,
                           "row must be a number from 0 on, not \"%.40s\".",
                           fields[columns->key]);
    }
    label->row = (uint64_t)row;
    return CLEAVE_OK;
}

static cleave_status append(struct clv_labels *labels,
                            const struct label *label, cleave_error *err)
{
    if (labels->count == CLV_LABELS_ROWS) {
        return clv_fail_at(err, CLEAVE_LIMIT, labels->path, label->line,
                           "There are more than %zu labels.", CLV_LABELS_ROWS);
    }
    if (labels->count == labels->capacity) {
        size_t capacity =
            labels->capacity > 0 ? labels->capacity * 2 : FIRST_ROWS;
        struct label *list = realloc(labels->list, capacity * sizeof *list);
        if (list == NULL) {
            return clv_fail_memory(err, labels->path, capacity * sizeof *list);
        }
        labels->list = list;
        labels->capacity = capacity;
    }
    labels->list[labels->count++] = *label;
    return CLEAVE_OK;
}

static int by_name_then_path(const void *a, const void *b)
{
    const struct label *x = a;
    const struct label *y = b;
    int order = strcmp(clv_path_name(x->file), clv_path_name(y->file));

    return order != 0 ? order : strcmp(x->file, y->file);
}

static int by_number(const void *a, const void *b)
{
    const struct label *x = a;
    const struct label *y = b;

    return (x->row > y->row) - (x->row < y->row);
}

/* Sorts, and finds two labels of one sample. */
static cleave_status index_labels(struct clv_labels *labels, cleave_error *err)
{
    int (*order)(const void *, const void *) =
        labels->by_row ? by_number : by_name_then_path;

    if (labels->count > 0) {
        qsort(labels->list, labels->count, sizeof *labels->list, order);
    }
    for (size_t i = 1; i < labels->count; i++) {
        const struct label *a = &labels->list[i - 1];
        const struct label *b = &labels->list[i];
        if (order(a, b) == 0) {
            unsigned first = a->line < b->line ? a->line : b->line;
            return clv_fail_at(err, CLEAVE_CORRUPT, labels->path,
                               a->line + b->line - first,
                               "This sample has a label in line %u already; "
                               "keep one.",
                               first);
        }
    }
    return CLEAVE_OK;
}

static cleave_status read_rows(struct clv_labels *labels, size_t size,
                               cleave_error *err)
{
    char *fields[CLV_LABELS_COLUMNS];
    struct columns columns = {0};
    struct clv_csv csv;
    cleave_status status;

    clv_csv_init(&csv, labels->text, size, labels->path);
    status = read_header(labels, &csv, fields, &columns, err);
    while (status == CLEAVE_OK) {
        struct label label = {0};
        size_t count = 0;

        status = clv_csv_next(&csv, fields, CLV_LABELS_COLUMNS, &count, err);
        if (status != CLEAVE_OK || count == 0) {
            break;
        }
        label.line = csv.line;
        status = scan_label(labels, fields, count, &columns, &label, err);
        if (status == CLEAVE_OK) {
            status = append(labels, &label, err);
        }
    }
    return status == CLEAVE_OK ? index_labels(labels, err) : status;
}

/* Takes the text over, whatever the outcome. */
static cleave_status make(char *text, size_t size, const char *path,
                          struct clv_labels **ret_labels, cleave_error *err)
{
    struct clv_labels *labels = calloc(1, sizeof *labels);
    cleave_status status;

    if (labels == NULL || (labels->path = strdup(path)) == NULL) {
        free(labels);
        free(text);
        return clv_fail_memory(err, path, sizeof *labels);
    }
    labels->text = text;
    status = read_rows(labels, size, err);
    if (status != CLEAVE_OK) {
        clv_labels_free(labels);
        return status;
    }
    *ret_labels = labels;
    return CLEAVE_OK;
}

cleave_status clv_labels_new(clv_bytes bytes, const char *path,
                             struct clv_labels **ret_labels, cleave_error *err)
{
    char *text;

    if (bytes.size > CLV_LABELS_BYTES) {
        return clv_fail(err, CLEAVE_LIMIT, path,
                        "A file of labels has at most %zu bytes.",
                        CLV_LABELS_BYTES);
    }
    text = malloc(bytes.size + 1);
    if (text == NULL) {
        return clv_fail_memory(err, path, bytes.size);
    }
    if (bytes.size > 0) {
        memcpy(text, bytes.data, bytes.size);
    }
    return make(text, bytes.size, path, ret_labels, err);
}

cleave_status clv_labels_read(const char *path, struct clv_labels **ret_labels,
                              cleave_error *err)
{
    struct clv_map map;
    cleave_status status = clv_map_open(path, &map, err);

    if (status == CLEAVE_OK) {
        status = clv_labels_new(map.bytes, path, ret_labels, err);
        clv_map_close(&map);
    }
    return status;
}

void clv_labels_free(struct clv_labels *labels)
{
    if (labels != NULL) {
        free(labels->text);
        free(labels->path);
        free(labels->list);
        free(labels);
    }
}

size_t clv_labels_count(const struct clv_labels *labels)
{
    return labels->count;
}

int clv_labels_by_row(const struct clv_labels *labels)
{
    return labels->by_row;
}

/* True if one path is the end of the other, at a '/'. */
static int is_same_file(const char *a, const char *b)
{
    size_t long_length = strlen(a);
    size_t short_length = strlen(b);
    const char *tail;

    if (long_length < short_length) {
        return is_same_file(b, a);
    }
    tail = a + (long_length - short_length);
    return strcmp(tail, b) == 0 && (tail == a || tail[-1] == '/');
}

/* The first label whose base name is not before `name`. */
static size_t first_of_name(const struct clv_labels *labels, const char *name)
{
    size_t low = 0;
    size_t high = labels->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(clv_path_name(labels->list[middle].file), name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static cleave_status find_file(const struct clv_labels *labels,
                               const char *file, int64_t *ret_class,
                               cleave_error *err)
{
    const char *name = clv_path_name(file);
    const struct label *found = NULL;
    size_t matches = 0;

    for (size_t i = first_of_name(labels, name); i < labels->count; i++) {
        const struct label *l = &labels->list[i];
        if (strcmp(clv_path_name(l->file), name) != 0) {
            break;
        }
        if (strcmp(l->file, file) == 0) {
            *ret_class = l->class_index;
            return CLEAVE_OK;
        }
        if (is_same_file(l->file, file)) {
            found = l;
            matches++;
        }
    }
    if (matches == 0) {
        return clv_fail(err, CLEAVE_NOT_FOUND, labels->path,
                        "There is no label for %s; add a row for it.", file);
    }
    if (matches > 1) {
        return clv_fail(err, CLEAVE_MISMATCH, labels->path,
                        "%s could be several of the files labelled; give its "
                        "folder too.",
                        file);
    }
    *ret_class = found->class_index;
    return CLEAVE_OK;
}

cleave_status clv_labels_find(const struct clv_labels *labels, const char *file,
                              uint64_t row, int64_t *ret_class,
                              cleave_error *err)
{
    struct label key = {.row = row};
    const struct label *found = NULL;

    if (!labels->by_row) {
        return find_file(labels, file, ret_class, err);
    }
    if (labels->count > 0) {
        found = bsearch(&key, labels->list, labels->count, sizeof *labels->list,
                        by_number);
    }
    if (found == NULL) {
        return clv_fail(err, CLEAVE_NOT_FOUND, labels->path,
                        "There is no label for row %llu; add it.",
                        (unsigned long long)row);
    }
    *ret_class = found->class_index;
    return CLEAVE_OK;
}
