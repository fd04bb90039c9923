/*
 * decimal.h - numbers in text, with a point whatever the locale says.
 *
 * strtod and printf follow the locale of the process that the library lives
 * in, and there "0.5" may be no number. Names, settings and files mean the
 * same everywhere, so they are read and written here.
 *
 * Thread-safe.
 */
#ifndef CLV_DECIMAL_H
#define CLV_DECIMAL_H

#include <stddef.h>

/* Room for any number with up to 17 digits, and its final zero. */
#define CLV_DECIMAL_TEXT 32

/*
 * Reads the number that `text` begins with: digits, perhaps a point and more
 * digits, perhaps an exponent ("12", "0.25", ".5", "1e-3"); no sign, no
 * blanks, nothing hexadecimal, no infinity. Returns what follows it, or NULL
 * if there is no number, or one of more than 60 characters or beyond a
 * double's range.
 */
const char *clv_decimal_read(const char *text, double *ret_value);

/* Writes as printf("%.*g") does in the C locale. Returns `into`. */
char *clv_decimal_print(double value, int digits, char into[CLV_DECIMAL_TEXT]);

#endif
