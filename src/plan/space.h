/*
 * space.h - all designs of a task, put together from measured parts.
 *
 * A candidate is one design of one task: variant, engine, cut, packing,
 * server. Its costs are sums of the parts' (the cost model of the design
 * document), kept as the terms that conditions scale:
 *
 *     T_head + T_pack      sigma_e * device_ns
 *     T_up, T_down         8 * bytes / B + L
 *     T_tail               Q + sigma_s * server_ns
 *
 * A design of several tasks will be a tuple of such candidates, one of each
 * task's space. A space belongs to one task and one power table. Read-only
 * once built.
 */
#ifndef CLV_SPACE_H
#define CLV_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include "profile/costs.h"

/* No server: all on the device. */
#define CLV_NO_SERVER UINT32_MAX
/* Nothing travels: the cut `output`. */
#define CLV_NO_PACK UINT32_MAX

/* What the device draws, in watts; CLV_UNKNOWN where nobody has said. */
struct clv_power {
    double compute_w; /* while it computes, where energy was not measured */
    double send_w;    /* while bytes go out */
    double wait_w;    /* while it waits for the answer */
};

struct clv_candidate {
    uint32_t variant;
    uint32_t engine;
    uint32_t cut;
    uint32_t pack;               /* row of costs->packs, or CLV_NO_PACK */
    uint32_t server;             /* of costs->servers, or CLV_NO_SERVER */
    uint32_t head;               /* row of costs->heads */
    struct clv_spread device_ns; /* head and packing */
    struct clv_spread server_ns; /* unpacking and tail */
    struct clv_spread bytes_up;
    double bytes_down;
    double drop_pp;      /* against the best variant of the task, packed */
    double drop_high_pp; /* the bad end of its interval */
    double accuracy;     /* a share: 1 less the loss (verdict.h) */
    double memory_bytes; /* or CLV_UNKNOWN */
    double energy_j;     /* of computing; or CLV_UNKNOWN */
    double head_share;
    int is_huffman; /* priced as JALAD sends it; no other policy knows it,
                       and cleave cannot run it */
};

struct clv_space {
    const struct clv_costs *costs; /* borrowed */
    struct clv_power power;
    struct clv_candidate *candidates;
    size_t count;
};

/*
 * Builds all designs that the costs have parts for. CLEAVE_NOT_FOUND if there
 * is none, saying which parts are missing; CLEAVE_LIMIT above 2^20 or with
 * more than CLV_SERVERS servers; CLEAVE_MEMORY. The caller calls fini; `costs`
 * must outlive it.
 */
cleave_status clv_space_init(struct clv_space *space,
                             const struct clv_costs *costs,
                             const struct clv_power *power, cleave_error *err);

/* Takes an all-zero one, too. */
void clv_space_fini(struct clv_space *space);

/* "mobilenet_v2 cpu:threads=1 cut conv4 dense:step=0.9sd on http://nas:8700";
   variant and engine only where there are several. Returns `into`. */
#define CLV_DESIGN_TEXT 512
const char *clv_design_text(const struct clv_space *space, size_t candidate,
                            char into[CLV_DESIGN_TEXT]);

#endif
