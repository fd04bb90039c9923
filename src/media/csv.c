/*
 * csv.c - RFC 4180, unquoted in place.
 *
 * A field's text never gets longer by unquoting, so it is written back over
 * itself, and the separator after it becomes its final zero.
 */
#include "media/csv.h"

#include <string.h>

#include "base/place.h"

void clv_csv_init(struct clv_csv *csv, char *text, size_t size,
                  const char *path)
{
    *csv = (struct clv_csv){
        .at = text, .end = text + size, .path = path, .next_line = 1};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        csv->at += 3;
    }
}

/* The length of the line end at `p`, 0 if there is none. */
static size_t line_end(const struct clv_csv *csv, const char *p)
{
    if (p < csv->end && *p == '\n') {
        return 1;
    }
    if (csv->end - p >= 2 && p[0] == '\r' && p[1] == '\n') {
        return 2;
    }
    return 0;
}

static cleave_status refuse(const struct clv_csv *csv, const char *text,
                            cleave_error *err)
{
    return clv_fail_at(err, CLEAVE_CORRUPT, csv->path, csv->line, "%s", text);
}

static cleave_status take_quoted(struct clv_csv *csv, char **ret_end,
                                 cleave_error *err)
{
    char *in = csv->at + 1;
    char *out = csv->at;

    for (; in < csv->end; in++) {
        if (*in == '"') {
            if (in + 1 == csv->end || in[1] != '"') {
                break;
            }
            in++;
        }
        csv->next_line += *in == '\n';
        *out++ = *in;
    }
    if (in == csv->end) {
        return refuse(csv, "A quote is opened here and never closed.", err);
    }
    csv->at = in + 1;
    *ret_end = out;
    return CLEAVE_OK;
}

static cleave_status take_plain(struct clv_csv *csv, char **ret_end,
                                cleave_error *err)
{
    char *p = csv->at;

    for (; p < csv->end && *p != ',' && !line_end(csv, p); p++) {
        if (*p == '"') {
            return refuse(csv,
                          "There is a quote within a field; put the field in "
                          "quotes and write the quote twice.",
                          err);
        }
    }
    csv->at = p;
    *ret_end = p;
    return CLEAVE_OK;
}

/* One field and what ends it. `*ret_last` tells if that was the row's end. */
static cleave_status take_field(struct clv_csv *csv, char **ret_field,
                                int *ret_last, cleave_error *err)
{
    char *field = csv->at;
    char *end = field;
    size_t step;
    int quoted = csv->at < csv->end && *csv->at == '"';
    cleave_status status =
        quoted ? take_quoted(csv, &end, err) : take_plain(csv, &end, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    step = line_end(csv, csv->at);
    *ret_last = step > 0 || csv->at == csv->end;
    if (!*ret_last && *csv->at != ',') {
        return refuse(csv, "Text follows the closing quote of a field.", err);
    }
    if (memchr(field, 0, (size_t)(end - field)) != NULL) {
        return refuse(csv, "There is a zero byte in this row.", err);
    }
    csv->next_line += step > 0;
    csv->at += *ret_last ? step : 1;
    *end = '\0';
    *ret_field = field;
    return CLEAVE_OK;
}

static void skip_empty_lines(struct clv_csv *csv)
{
    size_t step;

    while ((step = line_end(csv, csv->at)) > 0) {
        csv->at += step;
        csv->next_line++;
    }
}

cleave_status clv_csv_next(struct clv_csv *csv, char **fields, size_t max,
                           size_t *ret_count, cleave_error *err)
{
    size_t count = 0;
    int last = 0;

    skip_empty_lines(csv);
    csv->line = csv->next_line;
    if (csv->at == csv->end) {
        *ret_count = 0;
        return CLEAVE_OK;
    }
    while (!last) {
        cleave_status status;
        if (count == max) {
            return clv_fail_at(err, CLEAVE_LIMIT, csv->path, csv->line,
                               "This row has more than %zu fields.", max);
        }
        status = take_field(csv, &fields[count], &last, err);
        if (status != CLEAVE_OK) {
            return status;
        }
        count++;
    }
    *ret_count = count;
    return CLEAVE_OK;
}
