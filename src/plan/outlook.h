/*
 * outlook.h - one state of the world, solved: its best design, and what others
 * are worth in it.
 *
 * The worth of a design in a state is one number, so that designs compare:
 *
 *     below 0   not legal: a server is away, a processor out of order, memory
 *               over what there is, or not known how to be had at all
 *     0 to 1    legal, but breaks an SLO: 1 / (1 + the worst violation)
 *     above 1   1 + its optimality
 *
 * Where every design is illegal, what stands in the way (servers away,
 * processors out of order, memory) is waived, and the outlook says so.
 *
 * Pure; an outlook belongs to one thread. Options are borrowed.
 */
#ifndef CLV_OUTLOOK_H
#define CLV_OUTLOOK_H

#include "plan/nearest.h"
#include "plan/switching.h"

/* What there is no design without, and is waived. */
enum { CLV_FORCED_PROCESSOR = 1, CLV_FORCED_MEMORY = 2, CLV_FORCED_SERVER = 4 };

struct clv_outlook {
    struct clv_product_options options; /* in its situation, less what is
                                           forced */
    struct clv_product *product;
    struct clv_goals goals;    /* without bounds, of .. */
    struct clv_product *loose; /* .. the product of all that there is; NULL
                                  until it is needed */
    cleave_status status; /* not CLEAVE_OK: that could not be made, and what
                             it is asked for is not to be relied on */
    unsigned forced;
    int is_feasible;
    struct clv_rass rass; /* if it is feasible */
    uint32_t choice[CLV_SEATS];
    struct clv_config best[CLV_SEATS]; /* the same */
    double worth;                      /* of it */
    double memory_tenth; /* designs of the tenth with least memory, and of
                            slightly more (rass.h), have so much or less;
                            INFINITY: not known */
};

/* Solves. An infeasible state is no failure: `why` (may be NULL) then says
   what is in the way. The caller calls fini. */
cleave_status clv_outlook_init(struct clv_outlook *outlook,
                               const struct clv_product_options *options,
                               const struct clv_situation *situation,
                               cleave_error *why, cleave_error *err);

/* The same on a sheet that is used again (sheet.h); NULL: on one of its own. */
cleave_status clv_outlook_init_on(struct clv_outlook *outlook,
                                  const struct clv_product_options *options,
                                  const struct clv_situation *situation,
                                  struct clv_sheet *sheet, cleave_error *why,
                                  cleave_error *err);

/* Takes an all-zero one, too. */
void clv_outlook_fini(struct clv_outlook *outlook);

/*
 * Where a design is in a product: each task's variant and engine where it was
 * placed, or, if its server is away, at the best other place. (All on a server,
 * the engine does not matter.) 0 if the product lacks the pair.
 */
int clv_outlook_find(const struct clv_outlook *outlook,
                     const struct clv_product *product,
                     const struct clv_config *configs, uint32_t *ret_choice);

/* The product that a design is in, for its values: of what is listed, else of
   all that there is. NULL: in none. */
const struct clv_product *clv_outlook_place(struct clv_outlook *outlook,
                                            const struct clv_config *configs,
                                            uint32_t *ret_choice);

/* Also of designs that the product does not list because they break bounds
   even alone. */
double clv_outlook_worth(struct clv_outlook *outlook,
                         const struct clv_config *configs);

/* Of what is worth `worth` here: its share of the best, 0 for what breaks an
   SLO that the best keeps; -1 for what is not legal. */
double clv_outlook_share(const struct clv_outlook *outlook, double worth);

#endif
