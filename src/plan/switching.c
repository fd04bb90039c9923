/*
 * switching.c - states of the world: which there are, their numbers, what they
 * stand for, their names.
 *
 * A state is a number in a mixed radix, the processors' loads first, then
 * memory, then the links:
 *
 *     load 0 .. load n | memory | link 0 .. link m
 *
 * so that a state with memory short has a greater number than the same one
 * with memory to spare. How a table is made is tabling.c's, and how it is
 * proven is proving.c's.
 */
#include "plan/switching.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/tabling.h"

/* What a link is reckoned to carry when its class is sought. */
#define CLASS_BITS (8 * 50e3)

/* Beyond so many, links of the last servers get two classes: each state takes
   milliseconds to solve. */
#define STATES_WANTED 256

static const struct clv_reach classes[CLV_LINK_CLASSES] = {
    [CLV_LINK_SLOW] = {.up_bps = 1.6e6, .down_bps = 6.1e6, .rtt_ns = 64e6},
    [CLV_LINK_MIDDLE] = {.up_bps = 12.4e6, .down_bps = 15.1e6, .rtt_ns = 53e6},
    [CLV_LINK_FAST] = {.up_bps = 100e6, .down_bps = 100e6, .rtt_ns = 5e6},
};

static const char *const class_names[CLV_LINK_CLASSES] = {"away", "slow",
                                                          "middle", "fast"};

void clv_switching_free(struct clv_switching *switching)
{
    if (switching != NULL) {
        free(switching->entries);
        free(switching);
    }
}

/* -- Which there are -- */

static cleave_status name_processors(struct clv_switching *t,
                                     const struct clv_product_options *o,
                                     cleave_error *err)
{
    for (size_t i = 0; i < o->engine_count; i++) {
        size_t length = strcspn(o->engines[i], ":");
        size_t p = 0;
        while (p < t->processors &&
               (strlen(t->names[p]) != length ||
                strncmp(t->names[p], o->engines[i], length) != 0)) {
            p++;
        }
        if (p < t->processors) {
            continue;
        }
        if (p == CLV_PROCESSORS || length >= sizeof t->names[p]) {
            return clv_fail(err, CLEAVE_LIMIT, o->engines[i],
                            "A table has %d kinds of engines at most, with "
                            "names of %zu letters.",
                            CLV_PROCESSORS, sizeof t->names[p] - 1);
        }
        memcpy(t->names[p], o->engines[i], length);
        t->processors++;
    }
    return CLEAVE_OK;
}

/* The processor "cpu" has a level for each number of hogs that was measured;
   what was not has one: troubled. */
static void set_levels(struct clv_switching *t,
                       const struct clv_contention *contention)
{
    size_t levels = 1;

    for (size_t i = 0; contention != NULL && i < contention->hog_count; i++) {
        if (contention->hogs[i] > 0 && levels < CLV_LOAD_LEVELS) {
            t->hogs[levels++] = contention->hogs[i];
        }
    }
    for (size_t p = 0; p < t->processors; p++) {
        int is_measured = levels > 1 && strcmp(t->names[p], "cpu") == 0;
        t->levels[p] = (uint8_t)(is_measured ? levels : 2);
    }
}

static size_t count_states(const struct clv_switching *t)
{
    size_t count = 2;

    for (size_t p = 0; p < t->processors; p++) {
        count *= t->levels[p];
    }
    for (size_t s = 0; s < t->servers; s++) {
        count *= t->link_classes[s];
    }
    return count;
}

cleave_status clv_switching_lay_out(struct clv_switching *switching,
                                    const struct clv_product_options *options,
                                    cleave_error *err)
{
    struct clv_switching *t = switching;
    const struct clv_product_options *o = options;
    cleave_status status = name_processors(t, o, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (o->server_count > CLV_SERVERS) {
        return clv_fail(err, CLEAVE_LIMIT, "switching table",
                        "There are %zu servers, a table has %d at most.",
                        o->server_count, CLV_SERVERS);
    }
    t->tasks = o->task_count;
    set_levels(t, o->contention);
    t->servers = o->server_count;
    memset(t->link_classes, CLV_LINK_CLASSES, t->servers);
    for (size_t s = t->servers; s > 0 && count_states(t) > STATES_WANTED;) {
        t->link_classes[--s] = 2;
    }
    t->state_count = count_states(t);
    if (t->state_count > CLV_TABLE_STATES) {
        return clv_fail(err, CLEAVE_LIMIT, "switching table",
                        "There are %zu states of processors and servers, a "
                        "table has %d at most. Name fewer servers.",
                        t->state_count, CLV_TABLE_STATES);
    }
    t->entries = calloc(t->state_count, sizeof *t->entries);
    return t->entries != NULL
               ? CLEAVE_OK
               : clv_fail_memory(err, "switching table",
                                 t->state_count * sizeof *t->entries);
}

/* -- Numbers -- */

/* Tables made by hand may leave the number of classes out. */
static size_t classes_of(const struct clv_switching *t, size_t server)
{
    return t->link_classes[server] == 2 ? 2 : CLV_LINK_CLASSES;
}

static size_t digit(uint8_t level, size_t levels)
{
    return level < levels ? level : levels - 1;
}

size_t clv_state_number(const struct clv_switching *switching,
                        const struct clv_state *state)
{
    size_t number = 0;

    for (size_t p = 0; p < switching->processors; p++) {
        number = number * switching->levels[p] +
                 digit(state->load[p], switching->levels[p]);
    }
    number = number * 2 + (state->memory != 0);
    for (size_t s = 0; s < switching->servers; s++) {
        size_t radix = classes_of(switching, s);
        number = number * radix + digit(state->link[s], radix);
    }
    return number;
}

void clv_state_of(const struct clv_switching *switching, size_t number,
                  struct clv_state *ret_state)
{
    struct clv_state state = {0};

    for (size_t s = switching->servers; s-- > 0;) {
        size_t radix = classes_of(switching, s);
        size_t class = number % radix;
        state.link[s] =
            (uint8_t)(radix == 2 && class == 1 ? CLV_LINK_MIDDLE : class);
        number /= radix;
    }
    state.memory = (uint8_t)(number % 2);
    number /= 2;
    for (size_t p = switching->processors; p-- > 0;) {
        state.load[p] = (uint8_t)(number % switching->levels[p]);
        number /= switching->levels[p];
    }
    *ret_state = state;
}

/* -- What they stand for -- */

/* Whether its levels are numbers of hogs, and not "troubled". */
static int is_measured(const struct clv_switching *t, size_t processor)
{
    return t->hogs[1] > 0 && strcmp(t->names[processor], "cpu") == 0;
}

void clv_link_class_set(struct clv_reach *reach, enum clv_link_class class)
{
    const struct clv_reach *row = &classes[class];

    reach->is_up = class != CLV_LINK_AWAY;
    if (reach->is_up) {
        reach->up_bps = row->up_bps;
        reach->down_bps = row->down_bps;
        reach->rtt_ns = row->rtt_ns;
    }
}

struct clv_situation clv_switching_situation(
    const struct clv_switching *switching,
    const struct clv_switching_options *options, const struct clv_state *state)
{
    struct clv_situation situation = options->product.situation;
    size_t number = clv_state_number(switching, state);
    struct clv_state known;

    clv_state_of(switching, number, &known);
    for (size_t p = 0; p < switching->processors; p++) {
        if (is_measured(switching, p)) {
            situation.hogs += switching->hogs[known.load[p]];
        } else if (known.load[p] > 0) {
            situation.out_of_order |= UINT32_C(1) << p;
        }
    }
    if (known.memory != 0) {
        situation.memory_bytes = fmin(situation.memory_bytes,
                                      switching->entries[number].memory_bytes);
    }
    for (size_t s = 0; s < switching->servers; s++) {
        clv_link_class_set(&situation.conditions.reach[s],
                           (enum clv_link_class)known.link[s]);
    }
    return situation;
}

static double class_ns(const struct clv_reach *reach)
{
    return 1e9 * CLASS_BITS / reach->up_bps + reach->rtt_ns;
}

enum clv_link_class clv_link_class_of(const struct clv_reach *reach)
{
    enum clv_link_class class = CLV_LINK_SLOW;
    double ns;

    if (!reach->is_up || !(reach->up_bps > 0)) {
        return CLV_LINK_AWAY;
    }
    ns = class_ns(reach);
    while (class < CLV_LINK_FAST && ns < sqrt(class_ns(&classes[class]) *
                                              class_ns(&classes[class + 1]))) {
        class ++;
    }
    return class;
}

/* -- Switches -- */

enum clv_switch_kind clv_switching_kind(const struct clv_switching *switching,
                                        size_t from, size_t to)
{
    int model = 0;
    int processor = 0;

    for (size_t i = 0; i < switching->tasks; i++) {
        const struct clv_config *a = &switching->kept[from].configs[i];
        const struct clv_config *b = &switching->kept[to].configs[i];
        model |= a->variant != b->variant;
        processor |= a->place != b->place || a->server != b->server ||
                     (a->engine != b->engine && a->place != CLV_PLACE_SERVER);
    }
    if (model && processor) {
        return CLV_SWITCH_BOTH;
    }
    if (model) {
        return CLV_SWITCH_MODEL;
    }
    return processor ? CLV_SWITCH_PROCESSOR : CLV_SWITCH_NONE;
}

const char *clv_switch_kind_text(enum clv_switch_kind kind)
{
    switch (kind) {
    case CLV_SWITCH_MODEL:
        return "CM";
    case CLV_SWITCH_PROCESSOR:
        return "CP";
    case CLV_SWITCH_BOTH:
        return "CB";
    default:
        return "-";
    }
}

/* -- In words -- */

static void append(char into[CLV_STATE_TEXT], const char *text)
{
    size_t used = strlen(into);

    snprintf(into + used, CLV_STATE_TEXT - used, "%s%s", used > 0 ? ", " : "",
             text);
}

const char *clv_state_text(const struct clv_switching *switching,
                           const struct clv_state *state,
                           const char *const *server_names,
                           char into[CLV_STATE_TEXT])
{
    struct clv_state known;
    char part[64];

    clv_state_of(switching, clv_state_number(switching, state), &known);
    into[0] = '\0';
    for (size_t p = 0; p < switching->processors; p++) {
        if (known.load[p] > 0 && is_measured(switching, p)) {
            snprintf(part, sizeof part, "%s load %u", switching->names[p],
                     switching->hogs[known.load[p]]);
            append(into, part);
        } else if (known.load[p] > 0) {
            snprintf(part, sizeof part, "%s troubled", switching->names[p]);
            append(into, part);
        }
    }
    if (known.memory != 0) {
        append(into, "memory short");
    }
    if (into[0] == '\0') {
        append(into, "calm");
    }
    for (size_t s = 0; s < switching->servers; s++) {
        snprintf(part, sizeof part, "%.48s %s", server_names[s],
                 class_names[known.link[s]]);
        append(into, part);
    }
    return into;
}
