/*
 * document.c - libcyaml between two checks of ours.
 *
 * libcyaml says what is wrong only through its log, as a message and then a
 * backtrace with lines:
 *
 *     Load: Invalid ENUM value: imagine
 *     Load: Backtrace:
 *       in mapping field 'kind' (line: 4, column: 11)
 *       in sequence entry '1' (line: 3, column: 5)
 *
 * We keep the message and the lines, and make one error of them. Where the
 * innermost line is not the one a reader wants (libcyaml has not stepped to
 * an unknown key yet, and has passed a mapping whose key is missing), the
 * outline or the next line out gives a better one.
 */
#include "base/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/place.h"
#include "base/suggest.h"

#define UNKNOWN_KEY "Unexpected key: "
#define MISSING_KEY "Missing required"
#define WRONG_KIND "Expecting "
#define KEYS_MOST 128

struct clv_document {
    char *path;
    const cyaml_schema_value_t *schema;
    void *data;
    struct clv_outline *outline;
};

/* What libcyaml complained about. */
struct complaint {
    char text[256];
    unsigned line;  /* innermost, 0 if none */
    unsigned outer; /* the next one out, 0 if none */
};

static void listen(cyaml_log_t level, void *context, const char *format,
                   va_list args) __attribute__((format(printf, 3, 0)));

static void listen(cyaml_log_t level, void *context, const char *format,
                   va_list args)
{
    static const char prefix[] = "Load: ";
    struct complaint *c = context;
    char text[sizeof c->text];
    const char *start = text;
    const char *line;

    if (level < CYAML_LOG_ERROR) {
        return;
    }
    vsnprintf(text, sizeof text, format, args);
    if (strncmp(text, prefix, sizeof prefix - 1) == 0) {
        start = text + sizeof prefix - 1;
    }
    line = strstr(text, "(line: ");
    if (c->text[0] == '\0') {
        snprintf(c->text, sizeof c->text, "%.*s", (int)strcspn(start, "\n"),
                 start);
    } else if (line != NULL && c->line == 0) {
        c->line = (unsigned)strtoul(line + 7, NULL, 10);
    } else if (line != NULL && c->outer == 0) {
        c->outer = (unsigned)strtoul(line + 7, NULL, 10);
    }
}

static cyaml_config_t config_of(struct complaint *complaint)
{
    return (cyaml_config_t){
        .log_fn = complaint != NULL ? listen : NULL,
        .log_ctx = complaint,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = cyaml_mem,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

static unsigned line_of(const struct clv_outline *outline,
                        const struct complaint *c)
{
    unsigned line = 0;

    if (strncmp(c->text, UNKNOWN_KEY, sizeof UNKNOWN_KEY - 1) == 0) {
        line = clv_outline_line_of_key(
            outline, c->text + sizeof UNKNOWN_KEY - 1, c->line);
    } else if (strncmp(c->text, MISSING_KEY, sizeof MISSING_KEY - 1) == 0) {
        line = c->outer > 0 ? c->outer : clv_outline_line(outline, "");
    }
    if (line == 0) {
        line = c->line > 0 ? c->line : 1;
    }
    return line;
}

/* libcyaml's names of kinds and events begin so; what users call them. */
static const char *kind_of(const char *name)
{
    static const struct {
        const char *begins;
        const char *words;
    } kinds[] = {
        {"MAPPING", "keys with values ('key: value', or '{key: value}')"},
        {"SEQUENCE", "a list ('[a, b]', or a line '- a' for each)"},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strncmp(name, kinds[i].begins, strlen(kinds[i].begins)) == 0) {
            return kinds[i].words;
        }
    }
    return "one value";
}

/* "Expecting MAPPING, got event: SCALAR" in the words of who wrote the file. */
static void reword(struct complaint *c)
{
    static const char between[] = ", got event: ";
    const char *wanted = c->text + sizeof WRONG_KIND - 1;
    const char *got = strstr(c->text, between);
    char text[sizeof c->text];

    if (strncmp(c->text, WRONG_KIND, sizeof WRONG_KIND - 1) == 0 &&
        got != NULL) {
        snprintf(text, sizeof text, "There should be %s here, not %s",
                 kind_of(wanted), kind_of(got + sizeof between - 1));
        memcpy(c->text, text, sizeof text);
    }
}

/* What to do about a complaint. */
static const char *advice_of(const struct complaint *c)
{
    if (strncmp(c->text, UNKNOWN_KEY, sizeof UNKNOWN_KEY - 1) == 0) {
        return "correct its spelling or remove it";
    }
    if (strncmp(c->text, MISSING_KEY, sizeof MISSING_KEY - 1) == 0) {
        return "add it";
    }
    return "correct it";
}

/* libyaml has read these bytes once already, so only memory can fail it. */
static int is_memory(cyaml_err_t code)
{
    return code == CYAML_ERR_OOM || code == CYAML_ERR_LIBYAML_PARSER_INIT ||
           code == CYAML_ERR_LIBYAML_PARSER;
}

/* All keys of a schema, wherever they belong. */
struct keys {
    const char *names[KEYS_MOST];
    size_t count;
};

static void collect(const cyaml_schema_value_t *value, struct keys *keys)
{
    const cyaml_schema_field_t *field = NULL;

    if (value->type == CYAML_SEQUENCE || value->type == CYAML_SEQUENCE_FIXED) {
        collect(value->sequence.entry, keys);
    } else if (value->type == CYAML_MAPPING) {
        field = value->mapping.fields;
    }
    for (; field != NULL && field->key != NULL; field++) {
        if (keys->count < KEYS_MOST) {
            keys->names[keys->count++] = field->key;
        }
        collect(&field->value, keys);
    }
}

static const char *key_at(const void *list, size_t index)
{
    const struct keys *keys = list;

    return keys->names[index];
}

/* An unknown key may be a known one that stands elsewhere, or near to one. */
static void advise(const struct clv_document *d, const struct complaint *c,
                   char *into, size_t size)
{
    const char *key = c->text + sizeof UNKNOWN_KEY - 1;
    struct keys keys = {.count = 0};
    char near[160];

    snprintf(into, size, "%s", advice_of(c));
    if (strncmp(c->text, UNKNOWN_KEY, sizeof UNKNOWN_KEY - 1) != 0) {
        return;
    }
    collect(d->schema, &keys);
    for (size_t i = 0; i < keys.count; i++) {
        if (strcmp(keys.names[i], key) == 0) {
            snprintf(into, size, "it belongs elsewhere in the file");
            return;
        }
    }
    clv_suggest(key, &keys, keys.count, key_at, near, sizeof near);
    if (near[0] != '\0') {
        snprintf(into, size, "near it: %s; %s", near, advice_of(c));
    }
}

static cleave_status load(struct clv_document *d, clv_bytes bytes,
                          cleave_error *err)
{
    struct complaint complaint = {0};
    cyaml_config_t config = config_of(&complaint);
    char advice[256];
    cyaml_err_t code = cyaml_load_data(bytes.data, bytes.size, &config,
                                       d->schema, &d->data, NULL);

    if (is_memory(code)) {
        return clv_fail_memory(err, d->path, bytes.size);
    }
    if (code != CYAML_OK) {
        reword(&complaint);
        advise(d, &complaint, advice, sizeof advice);
        return clv_fail_at(err, CLEAVE_INVALID, d->path,
                           line_of(d->outline, &complaint), "%s; %s.",
                           complaint.text[0] != '\0' ? complaint.text
                                                     : cyaml_strerror(code),
                           advice);
    }
    if (d->data == NULL) {
        return clv_fail_at(err, CLEAVE_INVALID, d->path, 1,
                           "The file is empty.");
    }
    return CLEAVE_OK;
}

cleave_status clv_document_new(clv_bytes bytes, const char *path,
                               const cyaml_schema_value_t *schema,
                               struct clv_document **ret_document,
                               cleave_error *err)
{
    struct clv_document *d;
    cleave_status status;

    if (bytes.size == 0) {
        return clv_fail_at(err, CLEAVE_INVALID, path, 1, "The file is empty.");
    }
    if (bytes.size > CLV_DOCUMENT_BYTES) {
        return clv_fail(err, CLEAVE_LIMIT, path,
                        "The file has %zu bytes; %d is the most that is read.",
                        bytes.size, CLV_DOCUMENT_BYTES);
    }
    d = calloc(1, sizeof *d);
    if (d == NULL || (d->path = strdup(path)) == NULL) {
        free(d);
        return clv_fail_memory(err, path, sizeof *d + strlen(path));
    }
    d->schema = schema;
    status = clv_outline_new(bytes, path, &d->outline, err);
    if (status == CLEAVE_OK) {
        status = load(d, bytes, err);
    }
    if (status != CLEAVE_OK) {
        clv_document_free(d);
        return status;
    }
    *ret_document = d;
    return CLEAVE_OK;
}

void clv_document_free(struct clv_document *document)
{
    cyaml_config_t config = config_of(NULL);

    if (document != NULL) {
        cyaml_free(&config, document->schema, document->data, 0);
        clv_outline_free(document->outline);
        free(document->path);
        free(document);
    }
}

const void *clv_document_data(const struct clv_document *document)
{
    return document->data;
}

cleave_status clv_document_fail(const struct clv_document *document,
                                cleave_error *err, const char *at,
                                const char *format, ...)
{
    char text[sizeof err->text];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return clv_fail_at(err, CLEAVE_INVALID, document->path,
                       clv_outline_line(document->outline, at), "%s", text);
}
