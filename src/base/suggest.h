/*
 * suggest.h - "did you mean": the names nearest to one that does not exist.
 */
#ifndef CLV_SUGGEST_H
#define CLV_SUGGEST_H

#include <stddef.h>

/* The name at `index` of a list that the caller knows. */
typedef const char *clv_name_at(const void *list, size_t index);

/*
 * Writes up to three names of the list that are near to `wanted`, as
 * "'a', 'b' and 'c'", nearest first; the empty string if none is near.
 * Returns `into`. Looks at the first 64 characters of each name.
 */
const char *clv_suggest(const char *wanted, const void *list, size_t count,
                        clv_name_at *name_at, char *into, size_t size);

#endif
