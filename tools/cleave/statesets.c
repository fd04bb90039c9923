/*
 * statesets.c - a switching table in few lines.
 *
 * Each state begins as a set of its own; two sets that differ in one part
 * only become one, part by part, until none are left that do. That is not the
 * fewest sets there could be, but few, and a state is in one only.
 */
#include "statesets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define MEMORY CLV_PROCESSORS
#define LINKS (CLV_PROCESSORS + 1)

static struct stateset set_of(const struct clv_switching *t, size_t number)
{
    const struct clv_state_entry *e = &t->entries[number];
    struct stateset set = {.design = e->design,
                           .is_feasible = e->is_feasible,
                           .is_forced = e->is_forced,
                           .states = 1};
    struct clv_state state;

    clv_state_of(t, number, &state);
    for (size_t p = 0; p < t->processors; p++) {
        set.parts[p] = 1u << state.load[p];
    }
    set.parts[MEMORY] = 1u << state.memory;
    for (size_t s = 0; s < t->servers; s++) {
        set.parts[LINKS + s] = 1u << state.link[s];
    }
    return set;
}

/* Whether they differ in this part at most. */
static int differ_in(const struct stateset *a, const struct stateset *b,
                     size_t part)
{
    if (a->design != b->design || a->is_feasible != b->is_feasible ||
        a->is_forced != b->is_forced) {
        return 0;
    }
    for (size_t i = 0; i < STATESET_PARTS; i++) {
        if (i != part && a->parts[i] != b->parts[i]) {
            return 0;
        }
    }
    return 1;
}

/* Returns how many are left. */
static size_t merge(struct stateset *sets, size_t count, size_t part)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < left && !differ_in(&sets[j], &sets[i], part)) {
            j++;
        }
        if (j < left) {
            sets[j].parts[part] |= sets[i].parts[part];
            sets[j].states += sets[i].states;
        } else {
            sets[left++] = sets[i];
        }
    }
    return left;
}

static int compare(const void *a, const void *b)
{
    const struct stateset *x = a;
    const struct stateset *y = b;

    if (x->design != y->design) {
        return x->design < y->design ? -1 : 1;
    }
    for (size_t i = 0; i < STATESET_PARTS; i++) {
        if (x->parts[i] != y->parts[i]) {
            return x->parts[i] < y->parts[i] ? -1 : 1;
        }
    }
    return 0;
}

cleave_status statesets_make(const struct clv_switching *switching,
                             struct stateset **ret_sets, size_t *ret_count,
                             cleave_error *err)
{
    size_t count = switching->state_count;
    struct stateset *sets = calloc(count, sizeof *sets);
    size_t before = count + 1;

    if (sets == NULL) {
        return clv_fail_memory(err, "states", count * sizeof *sets);
    }
    for (size_t i = 0; i < count; i++) {
        sets[i] = set_of(switching, i);
    }
    while (count < before) {
        before = count;
        for (size_t part = STATESET_PARTS; part-- > 0;) {
            count = merge(sets, count, part);
        }
    }
    qsort(sets, count, sizeof *sets, compare);
    *ret_sets = sets;
    *ret_count = count;
    return CLEAVE_OK;
}

/* -- In words -- */

static void append(char into[STATESET_TEXT], const char *text)
{
    size_t used = strlen(into);

    snprintf(into + used, STATESET_TEXT - used, "%s", text);
}

static void begin(char into[STATESET_TEXT], const char *name)
{
    append(into, into[0] != '\0' ? ", " : "");
    append(into, name);
}

static void add_load(const struct clv_switching *t, size_t processor,
                     unsigned bits, char into[STATESET_TEXT])
{
    int is_measured = t->hogs[1] > 0 && strcmp(t->names[processor], "cpu") == 0;
    const char *before = " load ";

    if (bits == (1u << t->levels[processor]) - 1) {
        return;
    }
    begin(into, t->names[processor]);
    if (!is_measured) {
        append(into, bits & 1 ? " in order" : " troubled");
        return;
    }
    for (size_t i = 0; i < t->levels[processor]; i++) {
        char part[32];
        if (bits >> i & 1) {
            snprintf(part, sizeof part, "%s%u", before, t->hogs[i]);
            append(into, part);
            before = "|";
        }
    }
}

static void add_link(const struct clv_switching *t, size_t server,
                     unsigned bits, const char *name, char into[STATESET_TEXT])
{
    static const char *const names[] = {"away", "slow", "middle", "fast"};
    int has_two = t->link_classes[server] == 2;
    unsigned all = has_two ? 1u | 1u << CLV_LINK_MIDDLE : 15;
    const char *before = " ";

    if (bits == all) {
        return;
    }
    begin(into, name);
    for (size_t i = 0; i < CLV_LINK_CLASSES; i++) {
        if (bits >> i & 1) {
            append(into, before);
            append(into, has_two && i > 0 ? "up" : names[i]);
            before = "|";
        }
    }
}

const char *stateset_text(const struct clv_switching *switching,
                          const struct stateset *set,
                          const char *const *server_names,
                          char into[STATESET_TEXT])
{
    into[0] = '\0';
    for (size_t p = 0; p < switching->processors; p++) {
        add_load(switching, p, set->parts[p], into);
    }
    if (set->parts[MEMORY] != 3) {
        begin(into,
              set->parts[MEMORY] == 1 ? "memory to spare" : "memory short");
    }
    for (size_t s = 0; s < switching->servers; s++) {
        add_link(switching, s, set->parts[LINKS + s], server_names[s], into);
    }
    if (into[0] == '\0') {
        append(into, "all states");
    }
    return into;
}
