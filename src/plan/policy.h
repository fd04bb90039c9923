/*
 * policy.h - how a decider chooses: cleave's own way, and the published ones.
 *
 * All policies choose from one space with the same parts, measured once, and
 * run on the same engine; they differ in which candidates they know, in what
 * they minimise, and in how they learn of conditions. So a ratio between two
 * of them is a ratio of deciding and nothing else.
 *
 *     cleave        all candidates; the task's SLO; link estimated
 *     device-only   the cut `output`
 *     server-raw    the cut `input`, f32
 *     server-jpeg   the cut `input`, the smallest JPEG within the accuracy
 *                   constraint; where no picture travels, as server-raw
 *     neurosurgeon  one tensor, f32; latency or energy of the device
 *                   (Kang et al., ASPLOS 2017)
 *     dads          any cut, f32; latency while all stages keep up with the
 *                   arrivals, else the slowest stage
 *                   (Hu et al., INFOCOM 2019)
 *     jalad         one tensor, 1 to 8 bits of its range, Huffman; least
 *                   latency within the accuracy constraint
 *                   (Li et al., ICPADS 2018)
 *     spinn         one activation, 8 bits, bit shuffle and LZ4; the task's
 *                   SLO; without early exits (Laskaridis et al., MobiCom 2020)
 *     dyno          one activation, or an end; 2 to 8 bits, bit shuffle and
 *                   LZ4; the task's SLO; moving averages
 *                   (Almeida et al., ACM TECS 2022)
 *     oracle        all candidates, and it knows the trace (simulation.h only)
 *
 * All but the server's own may also compute everything on the device, or send
 * the inputs as they are, be they one tensor or several. A policy that knows no
 * candidate which meets the constant constraints falls back to an end, as its
 * paper's system would: to `output`, else (and those two always) to `input` in
 * f32. Only what decides by the SLO knows of other constraints than accuracy.
 *
 * dads learns of arrivals from the conditions; where these say none, they
 * count as too many if the SLO's first objective is throughput.
 *
 * Pure; the table is constant.
 */
#ifndef CLV_POLICY_H
#define CLV_POLICY_H

#include "plan/slo.h"
#include "plan/space.h"

enum clv_learns_by {
    CLV_LEARNS_BY_REGRESSION, /* ours: estimator.h */
    CLV_LEARNS_BY_AVERAGE,    /* a moving average of its own transfers */
    CLV_LEARNS_NOTHING
};

enum clv_decides_by {
    CLV_DECIDES_BY_SLO,
    CLV_DECIDES_BY_LATENCY, /* or energy, if the SLO says energy */
    CLV_DECIDES_BY_STAGES,  /* dads */
    CLV_DECIDES_BY_BYTES    /* server-jpeg: conditions do not matter */
};

struct clv_policy {
    const char *name;
    const char *summary; /* one line, for --help and reports */
    enum clv_learns_by learns;
    enum clv_decides_by decides;
    int falls_back; /* to an end, if it knows nothing that is good */
    int is_clairvoyant;
    double patience; /* scheduler.h; the published ones have none */
    /* Does the policy know this candidate? */
    int (*knows)(const struct clv_space *space, size_t candidate);
};

/* The end that a policy falls back to, and the one if that is not there. */
int clv_policy_falls_back_to(const struct clv_policy *policy,
                             const struct clv_space *space, size_t candidate);
int clv_policy_last_resort(const struct clv_space *space, size_t candidate);

/* All of them, cleave first. */
const struct clv_policy *clv_policies(size_t *ret_count);

/* By name; CLEAVE_NOT_FOUND names what comes close. */
cleave_status clv_policy_find(const char *name,
                              const struct clv_policy **ret_policy,
                              cleave_error *err);

#endif
