/*
 * nearly.h - comparing doubles as doubles, which cmocka's oldest cannot.
 */
#ifndef NEARLY_H
#define NEARLY_H

#include <math.h>

#define assert_nearly(value, wanted, tolerance)                             \
    do {                                                                    \
        double nearly_a = (value);                                          \
        double nearly_b = (wanted);                                         \
        if (!(fabs(nearly_a - nearly_b) <= (tolerance))) {                  \
            fail_msg("%s is %.12g, not %.12g", #value, nearly_a, nearly_b); \
        }                                                                   \
    } while (0)

#endif
