/*
 * suggest.c - the names nearest to one that does not exist.
 *
 * Near is a small edit distance (Levenshtein), less than half of the name's
 * length; a name that contains the wanted one counts as near too.
 */
#include "base/suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 64
#define MOST 3

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t edit_distance(const char *a, const char *b)
{
    size_t m = least(strlen(a), LONGEST);
    size_t n = least(strlen(b), LONGEST);
    size_t row[LONGEST + 1];

    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= m; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t up = row[j];
            size_t same = tolower((unsigned char)a[i - 1]) ==
                          tolower((unsigned char)b[j - 1]);
            size_t change = diagonal + (same ? 0 : 1);
            row[j] = least(change, least(up, row[j - 1]) + 1);
            diagonal = up;
        }
    }
    return row[n];
}

static size_t distance(const char *wanted, const char *name)
{
    size_t d = edit_distance(wanted, name);

    if (wanted[0] != '\0' && strcasestr(name, wanted) != NULL) {
        d = least(d, strlen(wanted) > 3 ? 2 : 1);
    }
    return d;
}

const char *clv_suggest(const char *wanted, const void *list, size_t count,
                        clv_name_at *name_at, char *into, size_t size)
{
    const char *best[MOST] = {NULL};
    size_t best_distance[MOST];
    size_t most = least(strlen(wanted), LONGEST) / 2 + 1;
    size_t used = 0;

    for (size_t i = 0; i < MOST; i++) {
        best_distance[i] = most;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = name_at(list, i);
        size_t d = distance(wanted, name);
        for (size_t j = 0; j < MOST; j++) {
            if (d < best_distance[j]) {
                memmove(best + j + 1, best + j,
                        (MOST - 1 - j) * sizeof best[0]);
                memmove(best_distance + j + 1, best_distance + j,
                        (MOST - 1 - j) * sizeof best_distance[0]);
                best[j] = name;
                best_distance[j] = d;
                break;
            }
        }
    }
    into[0] = '\0';
    for (size_t j = 0; j < MOST && best[j] != NULL && used < size; j++) {
        const char *between = j == 0 ? "" : ", ";
        if (j > 0 && (j == MOST - 1 || best[j + 1] == NULL)) {
            between = " and ";
        }
        used += (size_t)snprintf(into + used, size - used, "%s'%s'", between,
                                 best[j]);
    }
    return into;
}
