/*
 * timing.c - the header Server-Timing, written and read.
 *
 * A header is a list of metrics, each a name with parameters; a parameter's
 * value may be a quoted string with commas and semicolons inside. We read
 * our three and skip the rest, digit by digit: strtod would follow the
 * locale, and a header is not zero-terminated.
 */
#include "wire/timing.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAY_NS (86400 * (int64_t)1000000000)

/* "3.201" milliseconds without floating point, for locales with commas. */
static int print_ms(int64_t ns, char *into, size_t size)
{
    int64_t us = ns > 0 ? (ns + 500) / 1000 : 0;

    us = us < DAY_NS / 1000 ? us : DAY_NS / 1000;
    return snprintf(into, size, "%lld.%03lld", (long long)(us / 1000),
                    (long long)(us % 1000));
}

void clv_timing_write(const struct clv_timing *timing,
                      char into[CLV_TIMING_TEXT])
{
    char queue[24];
    char unpack[24];
    char tail[24];

    print_ms(timing->queue_ns, queue, sizeof queue);
    print_ms(timing->unpack_ns, unpack, sizeof unpack);
    print_ms(timing->tail_ns, tail, sizeof tail);
    snprintf(into, CLV_TIMING_TEXT, "queue;dur=%s, unpack;dur=%s, tail;dur=%s",
             queue, unpack, tail);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static clv_bytes trim(clv_bytes text)
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

/* Cuts off what stands before the next `separator` outside of quotes. */
static clv_bytes next_piece(clv_bytes *rest, char separator)
{
    clv_bytes piece = {rest->data, 0};
    bool quoted = false;

    while (piece.size < rest->size) {
        uint8_t c = rest->data[piece.size];
        if (c == (uint8_t)separator && !quoted) {
            break;
        }
        if (c == '\\' && quoted && piece.size + 1 < rest->size) {
            piece.size++;
        } else if (c == '"') {
            quoted = !quoted;
        }
        piece.size++;
    }
    rest->data += piece.size < rest->size ? piece.size + 1 : piece.size;
    rest->size -= piece.size < rest->size ? piece.size + 1 : piece.size;
    return trim(piece);
}

static bool is_word(clv_bytes text, const char *word)
{
    return text.size == strlen(word) &&
           strncasecmp((const char *)text.data, word, text.size) == 0;
}

/* Digits with an optional fraction, in milliseconds; at most a day. */
static bool read_ms(clv_bytes text, int64_t *ret_ns)
{
    int64_t ns = 0;
    int64_t unit = 1000000;
    bool fraction = false;

    for (size_t i = 0; i < text.size; i++) {
        int64_t digit = text.data[i] - '0';
        if (text.data[i] == '.' && !fraction && text.size > 1) {
            fraction = true;
            continue;
        }
        if (digit < 0 || digit > 9) {
            return false;
        }
        if (fraction) {
            unit /= 10;
            ns += digit * unit;
        } else {
            ns = ns * 10 + digit * unit;
        }
        if (ns > DAY_NS) {
            return false;
        }
    }
    *ret_ns = ns;
    return text.size > 0;
}

/* Finds the parameter `dur` among those of one metric. */
static bool read_duration(clv_bytes parameters, int64_t *ret_ns)
{
    while (parameters.size > 0) {
        clv_bytes value = next_piece(&parameters, ';');
        clv_bytes key = next_piece(&value, '=');
        if (is_word(key, "dur")) {
            value = trim(value);
            if (value.size > 1 && value.data[0] == '"' &&
                value.data[value.size - 1] == '"') {
                value = (clv_bytes){value.data + 1, value.size - 2};
            }
            return read_ms(value, ret_ns);
        }
    }
    return false;
}

cleave_status clv_timing_parse(clv_bytes text, struct clv_timing *ret_timing)
{
    struct clv_timing timing = {0};

    while (text.size > 0) {
        clv_bytes metric = next_piece(&text, ',');
        clv_bytes name = next_piece(&metric, ';');
        int64_t *into = is_word(name, "queue")    ? &timing.queue_ns
                        : is_word(name, "unpack") ? &timing.unpack_ns
                        : is_word(name, "tail")   ? &timing.tail_ns
                                                  : NULL;
        if (into != NULL && !read_duration(metric, into)) {
            return CLEAVE_CORRUPT;
        }
    }
    *ret_timing = timing;
    return CLEAVE_OK;
}
