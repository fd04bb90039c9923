/*
 * decimal.c - numbers in text, with a point whatever the locale says.
 *
 * The grammar is checked here; the arithmetic of rounding is libc's, which is
 * handed the number with the locale's own point in it, or has that point
 * taken out of what it wrote.
 */
#include "base/decimal.h"

#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 60

static size_t digits_at(const char *text)
{
    return strspn(text, "0123456789");
}

/* How long the number is that the text begins with; 0 if there is none. */
static size_t length_of(const char *text, size_t *ret_whole)
{
    size_t whole = digits_at(text);
    size_t length = whole;
    size_t part = 0;

    if (text[length] == '.') {
        part = digits_at(text + length + 1);
        length += 1 + part;
    }
    if (whole + part == 0) {
        return 0;
    }
    if (text[length] == 'e' || text[length] == 'E') {
        size_t sign = text[length + 1] == '-' || text[length + 1] == '+';
        size_t power = digits_at(text + length + 1 + sign);
        length += power > 0 ? 1 + sign + power : 0;
    }
    *ret_whole = whole;
    return length;
}

const char *clv_decimal_read(const char *text, double *ret_value)
{
    const char *point = nl_langinfo(RADIXCHAR);
    char copy[LONGEST + 16];
    size_t whole;
    size_t length = length_of(text, &whole);
    double value;

    if (length == 0 || length > LONGEST || strlen(point) > 8) {
        return NULL;
    }
    if (text[whole] == '.') {
        snprintf(copy, sizeof copy, "%.*s%s%.*s", (int)whole, text, point,
                 (int)(length - whole - 1), text + whole + 1);
    } else {
        snprintf(copy, sizeof copy, "%.*s", (int)length, text);
    }
    value = strtod(copy, NULL);
    if (!isfinite(value)) {
        return NULL;
    }
    *ret_value = value;
    return text + length;
}

char *clv_decimal_print(double value, int digits, char into[CLV_DECIMAL_TEXT])
{
    const char *point = nl_langinfo(RADIXCHAR);
    size_t length = strlen(point);
    char *at;

    snprintf(into, CLV_DECIMAL_TEXT, "%.*g", digits < 17 ? digits : 17, value);
    at = length > 0 ? strstr(into, point) : NULL;
    if (at != NULL) {
        *at = '.';
        memmove(at + 1, at + length, strlen(at + length) + 1);
    }
    return into;
}
