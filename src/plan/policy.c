/*
 * policy.c - how each decider chooses, as a table.
 *
 * A policy's filter says which candidates its paper's system could have
 * found. All of them may compute everything on the device, but for those
 * that are named after not doing so.
 */
#include "plan/policy.h"

#include <string.h>

#include "base/fail.h"
#include "base/suggest.h"
#include "network/network.h"
#include "plan/scheduler.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static const struct clv_candidate *get(const struct clv_space *space,
                                       size_t candidate)
{
    return &space->candidates[candidate];
}

static const struct clv_cost_cut *cut_of(const struct clv_space *space,
                                         size_t candidate)
{
    return &space->costs->cuts[get(space, candidate)->cut];
}

static int is_local(const struct clv_space *space, size_t candidate)
{
    return get(space, candidate)->server == CLV_NO_SERVER;
}

static int is_input(const struct clv_space *space, size_t candidate)
{
    return strcmp(cut_of(space, candidate)->name, CLV_CUT_INPUT) == 0;
}

/* Sent with this coder, as cleave itself would. NULL for none. */
static const struct clv_packing *sent_by(const struct clv_space *space,
                                         size_t candidate, enum clv_coder coder)
{
    const struct clv_candidate *c = get(space, candidate);
    const struct clv_packing *packing;

    if (c->pack == CLV_NO_PACK || c->is_huffman) {
        return NULL;
    }
    packing = &space->costs->packs[c->pack].packing;
    return packing->coder == coder ? packing : NULL;
}

static int is_f32(const struct clv_space *space, size_t candidate)
{
    const struct clv_packing *p = sent_by(space, candidate, CLV_CODER_RAW);

    return p != NULL && !p->half;
}

/* Quantised to so many bits of the range, shuffled, LZ4. */
static int is_lz(const struct clv_space *space, size_t candidate,
                 unsigned least, unsigned most)
{
    const struct clv_packing *p = sent_by(space, candidate, CLV_CODER_LZ);

    return p != NULL && p->bits >= least && p->bits <= most;
}

/* -- What each one knows -- */

static int knows_all(const struct clv_space *space, size_t candidate)
{
    return !get(space, candidate)->is_huffman;
}

static int knows_raw_input(const struct clv_space *space, size_t candidate)
{
    return is_input(space, candidate) && is_f32(space, candidate);
}

static int knows_jpeg_input(const struct clv_space *space, size_t candidate)
{
    if (is_input(space, candidate) && !cut_of(space, candidate)->is_picture) {
        return is_f32(space, candidate);
    }
    return is_input(space, candidate) &&
           sent_by(space, candidate, CLV_CODER_JPEG) != NULL;
}

/* All here, or the inputs as they are and all there: nobody's idea. */
static int is_end(const struct clv_space *space, size_t candidate)
{
    return is_local(space, candidate) || knows_raw_input(space, candidate);
}

static int knows_neurosurgeon(const struct clv_space *space, size_t candidate)
{
    return is_end(space, candidate) ||
           (is_f32(space, candidate) && cut_of(space, candidate)->tensors == 1);
}

static int knows_dads(const struct clv_space *space, size_t candidate)
{
    return is_end(space, candidate) || is_f32(space, candidate);
}

static int knows_jalad(const struct clv_space *space, size_t candidate)
{
    return is_end(space, candidate) || (get(space, candidate)->is_huffman &&
                                        cut_of(space, candidate)->tensors == 1);
}

static int knows_spinn(const struct clv_space *space, size_t candidate)
{
    return is_end(space, candidate) ||
           (is_lz(space, candidate, 8, 8) &&
            (cut_of(space, candidate)->is_activation ||
             is_input(space, candidate)));
}

static int knows_dyno(const struct clv_space *space, size_t candidate)
{
    return is_end(space, candidate) ||
           (is_lz(space, candidate, 2, 8) &&
            (cut_of(space, candidate)->is_activation ||
             is_input(space, candidate)));
}

/* -- The table -- */

static const struct clv_policy policies[] = {
    {.name = "cleave",
     .summary = "every cut, packing, engine and server; the task's SLO",
     .learns = CLV_LEARNS_BY_REGRESSION,
     .decides = CLV_DECIDES_BY_SLO,
     .patience = CLV_PATIENCE,
     .knows = knows_all},
    {.name = "device-only",
     .summary = "all on the device",
     .learns = CLV_LEARNS_NOTHING,
     .decides = CLV_DECIDES_BY_LATENCY,
     .falls_back = 1,
     .knows = is_local},
    {.name = "server-raw",
     .summary = "the input as it is, all on the server",
     .learns = CLV_LEARNS_NOTHING,
     .decides = CLV_DECIDES_BY_LATENCY,
     .falls_back = 1,
     .knows = knows_raw_input},
    {.name = "server-jpeg",
     .summary = "the smallest JPEG within the accuracy, all on the server",
     .learns = CLV_LEARNS_NOTHING,
     .decides = CLV_DECIDES_BY_BYTES,
     .falls_back = 1,
     .knows = knows_jpeg_input},
    {.name = "neurosurgeon",
     .summary = "one tensor as f32; least latency or energy (ASPLOS 2017)",
     .learns = CLV_LEARNS_BY_AVERAGE,
     .decides = CLV_DECIDES_BY_LATENCY,
     .falls_back = 1,
     .knows = knows_neurosurgeon},
    {.name = "dads",
     .summary = "any cut as f32; latency, or the slowest stage (INFOCOM 2019)",
     .learns = CLV_LEARNS_BY_AVERAGE,
     .decides = CLV_DECIDES_BY_STAGES,
     .falls_back = 1,
     .knows = knows_dads},
    {.name = "jalad",
     .summary = "one tensor, bits of its range, Huffman (ICPADS 2018)",
     .learns = CLV_LEARNS_BY_AVERAGE,
     .decides = CLV_DECIDES_BY_LATENCY,
     .falls_back = 1,
     .knows = knows_jalad},
    {.name = "spinn",
     .summary = "one activation, 8 bits, LZ4; no exits (MobiCom 2020)",
     .learns = CLV_LEARNS_BY_AVERAGE,
     .decides = CLV_DECIDES_BY_SLO,
     .falls_back = 1,
     .knows = knows_spinn},
    {.name = "dyno",
     .summary = "one activation, 2 to 8 bits, LZ4, as published (TECS 2022)",
     .learns = CLV_LEARNS_BY_AVERAGE,
     .decides = CLV_DECIDES_BY_SLO,
     .falls_back = 1,
     .knows = knows_dyno},
    {.name = "oracle",
     .summary = "like cleave, and knows the trace (simulation only)",
     .learns = CLV_LEARNS_NOTHING,
     .decides = CLV_DECIDES_BY_SLO,
     .is_clairvoyant = 1,
     .knows = knows_all},
};

const struct clv_policy *clv_policies(size_t *ret_count)
{
    *ret_count = LENGTH(policies);
    return policies;
}

static const char *name_at(const void *list, size_t index)
{
    (void)list;
    return policies[index].name;
}

cleave_status clv_policy_find(const char *name,
                              const struct clv_policy **ret_policy,
                              cleave_error *err)
{
    char near[200];

    for (size_t i = 0; i < LENGTH(policies); i++) {
        if (strcmp(policies[i].name, name) == 0) {
            *ret_policy = &policies[i];
            return CLEAVE_OK;
        }
    }
    clv_suggest(name, policies, LENGTH(policies), name_at, near, sizeof near);
    return clv_fail(err, CLEAVE_NOT_FOUND, name,
                    "There is no policy '%.40s'%s%s%s; known are cleave, "
                    "device-only, server-raw, server-jpeg, neurosurgeon, dads, "
                    "jalad, spinn, dyno and oracle.",
                    name, near[0] ? "; did you mean " : "", near,
                    near[0] ? "?" : "");
}

/* -- Falling back -- */

int clv_policy_falls_back_to(const struct clv_policy *policy,
                             const struct clv_space *space, size_t candidate)
{
    if (policy->knows == knows_raw_input || policy->knows == knows_jpeg_input) {
        return knows_raw_input(space, candidate);
    }
    return is_local(space, candidate);
}

int clv_policy_last_resort(const struct clv_space *space, size_t candidate)
{
    return knows_raw_input(space, candidate);
}
