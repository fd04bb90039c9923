/*
 * hognumbers.c - which numbers of hogs count, where too many were measured.
 */
#include "profile/hognumbers.h"

static int suits(const struct clv_hognumbers *n, size_t i)
{
    uint32_t hogs = n->hogs[i];

    if (n->cores == 0 || hogs > n->cores) {
        return 0;
    }
    return hogs == n->cores || hogs == n->cores / 2 ? 2 : 1;
}

static int goes_first(const struct clv_hognumbers *n, size_t i, size_t j)
{
    int a = suits(n, i);
    int b = suits(n, j);

    return a != b ? a > b : n->turn[i] > n->turn[j];
}

static size_t last_of(const struct clv_hognumbers *n)
{
    size_t last = 0;

    for (size_t i = 1; i < n->count; i++) {
        last = goes_first(n, last, i) ? i : last;
    }
    return last;
}

static void remove_one(struct clv_hognumbers *n, size_t i)
{
    n->count--;
    n->hogs[i] = n->hogs[n->count];
    n->turn[i] = n->turn[n->count];
}

void clv_hognumbers_note(struct clv_hognumbers *numbers, uint32_t hogs)
{
    size_t at = 0;

    while (at < numbers->count && numbers->hogs[at] != hogs) {
        at++;
    }
    if (hogs == 0) {
        return;
    }
    if (at == CLV_HOGNUMBERS_MOST) {
        remove_one(numbers, last_of(numbers));
        at = numbers->count;
    }
    numbers->count += at == numbers->count;
    numbers->hogs[at] = hogs;
    numbers->turn[at] = ++numbers->turns;
}

size_t clv_hognumbers_choose(struct clv_hognumbers *numbers, size_t most)
{
    size_t before = numbers->count;

    while (numbers->count > most) {
        remove_one(numbers, last_of(numbers));
    }
    return before - numbers->count;
}

int clv_hognumbers_has(const struct clv_hognumbers *numbers, uint32_t hogs)
{
    for (size_t i = 0; i < numbers->count; i++) {
        if (numbers->hogs[i] == hogs) {
            return 1;
        }
    }
    return hogs == 0;
}
