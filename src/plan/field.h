/*
 * field.h - the candidates that a scheduler searches, laid out for it.
 *
 * A field knows a list of candidates; of these some are active. For every
 * formula in use (a panel) each known candidate has its stakes as a row of
 * doubles, from which costs are exact, and each active one has them as
 * columns of floats, from which bounds come quickly (screen.h).
 *
 *     group    all that need one server; the device's own first, then by
 *              the servers' order
 *     block    64 active candidates of one group that are alike
 *     slot     a place in a block; the last ones of a group may be empty
 *
 * What another active candidate beats in all stakes, under whatever
 * conditions, is not active (dominance.h).
 *
 * Belongs to one thread.
 */
#ifndef CLV_FIELD_H
#define CLV_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "plan/screen.h"

#define CLV_BLOCK 64
#define CLV_GROUPS (CLV_SERVERS + 1)
/* All objectives and constraints, and two that a policy may bring. */
#define CLV_PANELS (CLV_OBJECTIVES + CLV_CONSTRAINTS + 2)
#define CLV_NO_ROW UINT32_MAX

/* In front of each row: what decides between equal costs, in this order. It
   takes part in dominance. */
enum { CLV_TIE_DEVICE, CLV_TIE_UP, CLV_TIE_SERVER, CLV_TIE_DOWN, CLV_TIES };

struct clv_panel {
    struct clv_formula formula;
    float *columns; /* CLV_STAKES times `slots_max` */
    float *floors;  /* the least of each block; CLV_STAKES times `blocks_max` */
};

struct clv_group {
    uint32_t server; /* or CLV_NO_SERVER */
    size_t first_block;
    size_t blocks;
};

struct clv_field {
    const struct clv_space *space;
    uint32_t *known; /* candidates, ascending: one a row */
    size_t known_count;
    double *rows; /* known_count times `width` */
    size_t width;
    struct clv_panel panels[CLV_PANELS];
    size_t panel_count;
    struct clv_group groups[CLV_GROUPS];
    size_t group_count;
    uint32_t *slots; /* row numbers, or CLV_NO_ROW */
    size_t blocks;
    size_t blocks_max;
    size_t active;
    struct clv_entrant *places; /* for laying out */
};

/*
 * Lays out nothing yet. `formulas` are copied, `known` too. Allocates all
 * that a field ever needs. CLEAVE_MEMORY. The caller calls fini.
 */
cleave_status clv_field_init(struct clv_field *field,
                             const struct clv_space *space,
                             const uint32_t *known, size_t known_count,
                             const struct clv_formula *formulas,
                             size_t formula_count, cleave_error *err);

/* Takes an all-zero one, too. */
void clv_field_fini(struct clv_field *field);

/* Makes those rows active for which `is_in` is not 0. */
void clv_field_fill(struct clv_field *field, const uint8_t *is_in);

/* The row of a candidate, or CLV_NO_ROW. */
uint32_t clv_field_row(const struct clv_field *field, size_t candidate);

/* Its stakes for a panel. */
const double *clv_field_stakes(const struct clv_field *field, uint32_t row,
                               size_t panel);

/* Below 0 if row a goes before row b at equal costs. */
int clv_field_order(const struct clv_field *field, uint32_t a, uint32_t b);

/* The group of a server, CLV_NO_SERVER included. */
size_t clv_group_of(uint32_t server);

#endif
