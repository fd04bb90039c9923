/*
 * switching.h - which design in which state of the world: a table.
 *
 * A state says, for each processor, how loaded it is; whether memory is
 * short; for each server, whether it does its work and how fast the link to
 * it is. States are few, so the best design of each is sought ahead of time,
 * and adapting is a look-up.
 *
 *     load of a processor   0 calm; 1, 2 .. as many levels as the profile can
 *                           tell apart (numbers of hogs that were measured);
 *                           a processor of which nothing was measured has one
 *                           more level: troubled, and is then not to be used
 *     memory                0 calm; 1 short: the tenth of designs with least,
 *                           and those that have slightly more (rass.h)
 *     link                  0 away, 1 slow, 2 middle, 3 fast (see below)
 *
 * The tenth is that of the same state with memory to spare: where servers are
 * away, of the designs that are left. Where states would become too many, the
 * last servers have two classes only: away, and up, reckoned as middle.
 *
 * The table starts from what RASS keeps in the calm state (rass.h). Each
 * state maps to the kept design that is the most optimal in it, by that
 * state's own yardstick; and where that is less than `share` of the best
 * design of the state, best designs of states are kept, too (ours), whichever
 * repairs the most first, as long as there is room. A design whose variants
 * and engines are all kept anyhow, for other designs, needs no room: only
 * places differ. Those that a state needs to have any legal one at all come
 * first, room or not. Then designs that no state wants are dropped. Last, the
 * table is checked: total, and legal in each state.
 *
 * A kept design counts in a state as it stands; where a server of it is away,
 * with the best other place of the same variant and engine, as the runner does
 * it.
 *
 * Legal is a design whose servers are all up, that uses no processor that is
 * out of order unless every design does, and that fits the memory if memory is
 * short. If in some state no legal design keeps the SLOs, the one that comes
 * nearest is taken, and the state says so.
 *
 * Pure. Building belongs to one thread; a table is read-only once built, and
 * may then be read by all.
 */
#ifndef CLV_SWITCHING_H
#define CLV_SWITCHING_H

#include "plan/rass.h"

#define CLV_PROCESSORS 4
#define CLV_LOAD_LEVELS 5
#define CLV_TABLE_DESIGNS 32
#define CLV_TABLE_STATES 8192

enum clv_link_class {
    CLV_LINK_AWAY,
    CLV_LINK_SLOW,   /* 1.6 Mbit/s up, 6.1 down, 64 ms: 3G of 2014 */
    CLV_LINK_MIDDLE, /* 12.4 up, 15.1 down, 53 ms: 4G of 2014 */
    CLV_LINK_FAST,   /* 100 Mbit/s, 5 ms */
    CLV_LINK_CLASSES
};

struct clv_state {
    uint8_t load[CLV_PROCESSORS];
    uint8_t memory;
    uint8_t link[CLV_SERVERS];
};

/* What changes when one design gives way to another. */
enum clv_switch_kind {
    CLV_SWITCH_NONE,
    CLV_SWITCH_MODEL,     /* CM: variants only */
    CLV_SWITCH_PROCESSOR, /* CP: engines or places only */
    CLV_SWITCH_BOTH       /* CB */
};

/* One design that is kept. */
struct clv_kept {
    struct clv_config configs[CLV_SEATS]; /* by task */
    unsigned roles;
    double optimality; /* in the calm state */
    double memory_bytes;
    double workload;
    double size_bytes; /* of its model files, each once */
    size_t states;     /* that want it */
};

struct clv_state_entry {
    double memory_bytes; /* designs up to this fit; INFINITY: memory is calm */
    uint16_t design;     /* of `kept` */
    uint8_t is_feasible; /* keeps all SLOs in this state */
    uint8_t is_forced;   /* no design is legal in the strict sense */
    float share;         /* of the optimality of the state's best design; 0 if
                            that keeps the SLOs and this one does not */
    float paper_share;   /* the same of the best of RASS's own designs alone; 0
                            also if none of them is legal */
    float violation;     /* if it is not feasible */
};

struct clv_switching {
    size_t tasks;
    size_t processors;
    char names[CLV_PROCESSORS][16]; /* of processors */
    uint8_t levels[CLV_PROCESSORS]; /* of load; 1: there is only calm */
    uint32_t hogs[CLV_LOAD_LEVELS]; /* the processor "cpu" at each level */
    size_t servers;
    uint8_t link_classes[CLV_SERVERS]; /* 2: away and middle; else all */
    double memory_short_bytes; /* designs up to this fit when it is short and
                                  all else is calm */
    struct clv_kept kept[CLV_TABLE_DESIGNS]; /* d0 first */
    size_t kept_count;
    size_t paper_count; /* of these so many are RASS's own, the first ones */
    struct clv_state_entry *entries;
    size_t state_count;
    /* Of all kept designs together: model files, and each variant on each
       engine loaded; and, for comparison, of all variants on all engines.
       Memory that was not measured counts nothing. */
    double kept_sizes_bytes;
    double all_sizes_bytes;
    double kept_memory_bytes;
    double all_memory_bytes;
};

/* All is borrowed. `situation` is that of the calm state: its links are
   replaced by the classes'. */
struct clv_switching_options {
    struct clv_product_options product;
    size_t most;  /* designs kept that need room, see above; 0: 8 */
    double share; /* of optimality, see above; 0: 0.98 */
};

/*
 * Builds the table. CLEAVE_NOT_FOUND as clv_rass_solve, of the calm state with
 * fast links, if nothing keeps the bounds there; CLEAVE_LIMIT for more states
 * than there is room for; CLEAVE_MEMORY.
 */
cleave_status clv_switching_new(const struct clv_switching_options *options,
                                struct clv_switching **ret_switching,
                                cleave_error *err);

/* Takes NULL. */
void clv_switching_free(struct clv_switching *switching);

/* Between a state and its number. Levels that the table does not have count
   as the nearest it has. */
size_t clv_state_number(const struct clv_switching *switching,
                        const struct clv_state *state);
void clv_state_of(const struct clv_switching *switching, size_t number,
                  struct clv_state *ret_state);

/* The look-up: tens of nanoseconds. */
static inline size_t clv_switching_find(const struct clv_switching *switching,
                                        size_t state)
{
    return switching->entries[state].design;
}

/* The situation that a state stands for. */
struct clv_situation clv_switching_situation(
    const struct clv_switching *switching,
    const struct clv_switching_options *options, const struct clv_state *state);

/*
 * Proves a table against the options it was made of: every state has a design,
 * legal in it, and no other kept design is legal and better. CLEAVE_CORRUPT
 * says which state and why.
 */
cleave_status clv_switching_check(const struct clv_switching *switching,
                                  const struct clv_switching_options *options,
                                  cleave_error *err);

enum clv_switch_kind clv_switching_kind(const struct clv_switching *switching,
                                        size_t from, size_t to);

/* "CM", "CP", "CB", "-". */
const char *clv_switch_kind_text(enum clv_switch_kind kind);

/* The link of a class: its rates and its round trip. */
void clv_link_class_set(struct clv_reach *reach, enum clv_link_class class);

/* The class of a link as it is now: the one whose time for 50 kB up and a
   round trip comes nearest, as a ratio. */
enum clv_link_class clv_link_class_of(const struct clv_reach *reach);

/* "cpu load 1, memory short, nas slow"; of a processor whose levels were not
   measured "cpu troubled"; "calm, nas fast". Returns `into`. */
#define CLV_STATE_TEXT 256
const char *clv_state_text(const struct clv_switching *switching,
                           const struct clv_state *state,
                           const char *const *server_names,
                           char into[CLV_STATE_TEXT]);

#endif
