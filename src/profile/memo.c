/*
 * memo.c - verdicts already passed, by the tensors that they were passed on.
 */
#include "profile/memo.h"

#include <stdlib.h>
#include <xxhash.h>

#include "base/fail.h"

struct entry {
    struct clv_memo_key key;
    struct clv_verdict verdict;
};

struct clv_memo_list {
    struct entry *entries;
    size_t count;
};

cleave_status clv_memo_init(struct clv_memo *memo, size_t count,
                            cleave_error *err)
{
    struct clv_memo_list *lists = calloc(count + 1, sizeof *lists);

    if (lists == NULL) {
        return clv_fail_memory(err, "memo", count * sizeof *lists);
    }
    *memo = (struct clv_memo){.lists = lists, .count = count};
    return CLEAVE_OK;
}

void clv_memo_clear(struct clv_memo *memo)
{
    for (size_t i = 0; i < memo->count; i++) {
        free(memo->lists[i].entries);
        memo->lists[i] = (struct clv_memo_list){0};
    }
}

void clv_memo_fini(struct clv_memo *memo)
{
    clv_memo_clear(memo);
    free(memo->lists);
    *memo = (struct clv_memo){0};
}

struct clv_memo_key clv_memo_key(const cleave_tensor *tensors, size_t count)
{
    struct clv_memo_key key = {0, 0};

    for (size_t i = 0; i < count; i++) {
        XXH128_hash_t hash = XXH3_128bits_withSeed(
            tensors[i].data, tensors[i].bytes, key.lo ^ key.hi);
        key = (struct clv_memo_key){hash.low64, hash.high64};
    }
    return key;
}

const struct clv_verdict *clv_memo_find(const struct clv_memo *memo,
                                        size_t input, struct clv_memo_key key)
{
    const struct clv_memo_list *list = &memo->lists[input];

    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i].key.lo == key.lo &&
            list->entries[i].key.hi == key.hi) {
            return &list->entries[i].verdict;
        }
    }
    return NULL;
}

void clv_memo_add(struct clv_memo *memo, size_t input, struct clv_memo_key key,
                  struct clv_verdict verdict)
{
    struct clv_memo_list *list = &memo->lists[input];
    struct entry *grown;

    if (list->count == CLV_MEMO_MAX) {
        return;
    }
    grown = realloc(list->entries, (list->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return;
    }
    list->entries = grown;
    grown[list->count++] = (struct entry){key, verdict};
}
