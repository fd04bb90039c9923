/*
 * json.c - reading foreign JSON within limits, and writing our own.
 *
 * A JSON text of n bytes can cost jansson some twenty times as much memory
 * ("[1,1,1,...") and a stack frame per bracket. So before it is parsed, the
 * text is scanned once, outside of strings, for its depth and its number of
 * values. The scan does not understand JSON; it only has to never undercount.
 */
#include "wire/json.h"

#include <jansson.h>
#include <string.h>

#include "base/fail.h"

#define PAD_TO 16

struct scan {
    size_t depth;
    size_t deepest;
    size_t values;
};

/* Just behind the closing quote of the string that starts before `at`. */
static size_t skip_string(clv_bytes text, size_t at)
{
    while (at < text.size && text.data[at] != '"') {
        at += text.data[at] == '\\' ? 2 : 1;
    }
    return at + 1;
}

static struct scan scan(clv_bytes text)
{
    struct scan s = {0};
    size_t at = 0;

    while (at < text.size) {
        switch (text.data[at++]) {
        case '"':
            at = skip_string(text, at);
            break;
        case '[':
        case '{':
            s.depth++;
            s.values++;
            s.deepest = s.depth > s.deepest ? s.depth : s.deepest;
            break;
        case ']':
        case '}':
            s.depth -= s.depth > 0;
            break;
        case ',':
        case ':':
            s.values++;
            break;
        }
    }
    return s;
}

static cleave_status check_limits(clv_bytes text, const char *where,
                                  cleave_error *err)
{
    struct scan s;

    if (text.size > CLV_JSON_MAX_BYTES) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "The JSON is %zu bytes, more than the %zu allowed; "
                        "send tensors as binary data.",
                        text.size, CLV_JSON_MAX_BYTES);
    }
    s = scan(text);
    if (s.deepest > CLV_JSON_MAX_DEPTH) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "The JSON nests %zu deep, more than the %d allowed.",
                        s.deepest, CLV_JSON_MAX_DEPTH);
    }
    if (s.values > CLV_JSON_MAX_VALUES) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "The JSON has %zu values, more than the %zu allowed; "
                        "send tensors as binary data.",
                        s.values, CLV_JSON_MAX_VALUES);
    }
    return CLEAVE_OK;
}

cleave_status clv_json_read(clv_bytes text, const char *where,
                            struct json_t **ret_document, cleave_error *err)
{
    json_error_t bad;
    json_t *document;
    const char *start = (const char *)text.data;
    cleave_status status = check_limits(text, where, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (text.size == 0) {
        return clv_fail(err, CLEAVE_INVALID, where, "The JSON is empty.");
    }
    document = json_loadb(start, text.size, JSON_REJECT_DUPLICATES, &bad);
    if (document == NULL) {
        if (json_error_code(&bad) == json_error_out_of_memory) {
            return clv_fail_memory(err, where, text.size);
        }
        return clv_fail(err, CLEAVE_INVALID, where,
                        "Not valid JSON, line %d column %d: %s.", bad.line,
                        bad.column, bad.text);
    }
    if (!json_is_object(document)) {
        json_decref(document);
        return clv_fail(err, CLEAVE_INVALID, where,
                        "The JSON must be an object.");
    }
    *ret_document = document;
    return CLEAVE_OK;
}

void clv_json_free(struct json_t *document)
{
    json_decref(document);
}

static cleave_status wrong_kind(cleave_error *err, const char *where,
                                const char *key, const char *wanted)
{
    return clv_fail(err, CLEAVE_INVALID, where, "'%s' must be %s.", key,
                    wanted);
}

cleave_status clv_json_string(const struct json_t *object, const char *key,
                              const char *where, const char **ret_string,
                              cleave_error *err)
{
    const json_t *member = json_object_get(object, key);

    if (member != NULL && !json_is_string(member)) {
        return wrong_kind(err, where, key, "a string");
    }
    *ret_string = json_string_value(member);
    return CLEAVE_OK;
}

cleave_status clv_json_bool(const struct json_t *object, const char *key,
                            const char *where, bool *ret_bool,
                            cleave_error *err)
{
    const json_t *member = json_object_get(object, key);

    if (member != NULL && !json_is_boolean(member)) {
        return wrong_kind(err, where, key, "true or false");
    }
    *ret_bool = json_is_true(member);
    return CLEAVE_OK;
}

cleave_status clv_json_uint(const struct json_t *object, const char *key,
                            const char *where, uint64_t max, uint64_t *ret_uint,
                            cleave_error *err)
{
    const json_t *member = json_object_get(object, key);
    json_int_t value = json_integer_value(member);

    if (member != NULL &&
        (!json_is_integer(member) || value < 0 || (uint64_t)value > max)) {
        return clv_fail(err, CLEAVE_INVALID, where,
                        "'%s' must be a whole number from 0 to %llu.", key,
                        (unsigned long long)max);
    }
    *ret_uint = (uint64_t)value;
    return CLEAVE_OK;
}

cleave_status clv_json_object(const struct json_t *object, const char *key,
                              const char *where,
                              const struct json_t **ret_object,
                              cleave_error *err)
{
    const json_t *member = json_object_get(object, key);

    if (member != NULL && !json_is_object(member)) {
        return wrong_kind(err, where, key, "an object");
    }
    *ret_object = member;
    return CLEAVE_OK;
}

cleave_status clv_json_array(const struct json_t *object, const char *key,
                             const char *where, const struct json_t **ret_array,
                             cleave_error *err)
{
    const json_t *member = json_object_get(object, key);

    if (member != NULL && !json_is_array(member)) {
        return wrong_kind(err, where, key, "an array");
    }
    *ret_array = member;
    return CLEAVE_OK;
}

void clv_json_put(struct clv_buffer *into, const char *text)
{
    (void)clv_buffer_append(into, text, strlen(text));
}

/* Bytes of the UTF-8 sequence at `s`, 0 if it is not one. */
static size_t utf8_length(const uint8_t *s, size_t left)
{
    size_t n = s[0] < 0x80   ? 1
               : s[0] < 0xc2 ? 0
               : s[0] < 0xe0 ? 2
               : s[0] < 0xf0 ? 3
               : s[0] < 0xf5 ? 4
                             : 0;

    if (n > left) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if (n > 2 &&
        ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
         (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))) {
        return 0;
    }
    return n;
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Appends what stands at `s`, escaped, and gives its length in the source. */
static size_t put_special(struct clv_buffer *into, const uint8_t *s,
                          size_t left)
{
    size_t length = utf8_length(s, left);

    if (s[0] == '"' || s[0] == '\\') {
        const char escape[2] = {'\\', (char)s[0]};
        (void)clv_buffer_append(into, escape, sizeof escape);
    } else if (s[0] < 0x20) {
        (void)clv_buffer_printf(into, "\\u%04x", s[0]);
    } else if (length == 0) {
        clv_json_put(into, "\\ufffd");
        return 1;
    } else {
        (void)clv_buffer_append(into, s, length);
    }
    return length;
}

void clv_json_put_bytes(struct clv_buffer *into, clv_bytes bytes)
{
    size_t at = 0;

    clv_json_put(into, "\"");
    while (at < bytes.size) {
        size_t run = at;
        while (run < bytes.size && is_plain(bytes.data[run])) {
            run++;
        }
        (void)clv_buffer_append(into, bytes.data + at, run - at);
        at = run;
        if (at < bytes.size) {
            at += put_special(into, bytes.data + at, bytes.size - at);
        }
    }
    clv_json_put(into, "\"");
}

void clv_json_put_string(struct clv_buffer *into, const char *string)
{
    clv_json_put_bytes(into,
                       (clv_bytes){(const uint8_t *)string, strlen(string)});
}

void clv_json_pad(struct clv_buffer *into)
{
    static const char spaces[PAD_TO] = "                ";

    (void)clv_buffer_append(into, spaces,
                            (PAD_TO - into->size % PAD_TO) % PAD_TO);
}
