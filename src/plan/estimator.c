/*
 * estimator.c - rate, round trip and slow-downs from what was measured.
 *
 * A fit is a Kalman filter of two states. Between exchanges the pace may
 * wander far and the round trip hardly, and this alone splits a change of
 * time between them: mostly to the pace, unless exchanges of several sizes
 * agree that it was the round trip. Fits differ in how far the pace wanders
 * and how much an exchange varies of itself, which makes them quick or calm:
 * on a link that steps, the quickest wins; on one that jitters, a calm one.
 *
 * What is not attempted: rates that depend on the size of the transfer (slow
 * start), and telling a slow link from a slow proxy.
 */
#include "plan/estimator.h"

#include <math.h>
#include <string.h>

#define NS_PER_S 1e9

/* How a fit sees the world: by how much the pace wanders in a root second,
   and what an exchange varies by of itself; both shares. */
struct character {
    double wander;
    double noise;
};

static const struct character characters[CLV_FITS] = {
    {0.7, 0.01}, {0.3, 0.05}, {0.1, 0.1}, {0.03, 0.2}};

/* The same of the round trip, and noise that is no share. */
#define TRIP_WANDERS 0.02
#define TRIP_LEAST_NS 1e5 /* machines are late, however near they are */
#define NOISE_NS 2e5

/* Of the standard deviation foreseen; beyond is a step of the link. */
#define SURPRISE 3.0

/* Share of the past in the competition's score. */
#define SCORE_KEEPS 0.85

/* What a calm fit must be better by; misses below a share are all alike. */
#define HANDICAP 1.1
#define STEADY 0.05

/* A rate that nobody has heard of for so long is half a guess. */
#define HALF_LIFE_NS 20e9

/* A slow-down that nobody has seen holds, and is then forgotten. */
#define LOAD_HOLDS_NS 30e9
#define LOAD_HALF_LIFE_NS 120e9

/* Parts below this, and below this share of the network, tell nothing. */
#define LOAD_TELLS_NS 2e5
#define LOAD_TELLS 0.1

#define SLOWEST_PACE 1e6  /* ns per bit: 1 kbit/s */
#define FASTEST_PACE 1e-3 /* 1 Tbit/s */

static double clamp(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

/* -- Moving averages -- */

static void average_note(struct clv_moving_average *a, double value)
{
    a->values[a->next] = value;
    a->next = (a->next + 1) % CLV_AVERAGED;
    a->count += a->count < CLV_AVERAGED;
}

/* There must be one. */
static double average_of(const struct clv_moving_average *a)
{
    double sum = 0;

    for (size_t i = 0; i < a->count; i++) {
        sum += a->values[i];
    }
    return sum / (double)a->count;
}

/* -- A fit -- */

static double bits_of(const struct clv_link_estimator *e, double bytes_up,
                      double bytes_down)
{
    return fmax(8 * (bytes_up + bytes_down / e->ratio), 1);
}

static void begin_fit(struct clv_link_fit *f, double pace, double rtt_ns)
{
    *f = (struct clv_link_fit){.pace = pace, .rtt_ns = rtt_ns};
    f->pace_var = 4 * pace * pace;
    f->rtt_var = fmax(4 * rtt_ns * rtt_ns, 1e12);
}

/* What may have changed since the last exchange. */
static void let_wander(struct clv_link_fit *f, const struct character *c,
                       double seconds)
{
    double pace = c->wander * f->pace;
    double trip = fmax(TRIP_WANDERS * f->rtt_ns, TRIP_LEAST_NS);

    f->pace_var += pace * pace * clamp(seconds, 0.01, 60);
    f->rtt_var += trip * trip * clamp(seconds, 0, 60);
}

/* Keeps the state where it makes sense, whatever came. */
static void keep_sane(struct clv_link_fit *f, double time)
{
    double most;

    f->rtt_ns = clamp(f->rtt_ns, 0, 0.98 * time);
    f->pace = clamp(f->pace, FASTEST_PACE, SLOWEST_PACE);
    f->pace_var = clamp(f->pace_var, 1e-8 * f->pace * f->pace, 1e16);
    f->rtt_var = clamp(f->rtt_var, 1, 1e22);
    most = 0.999 * sqrt(f->pace_var * f->rtt_var);
    f->covariance = clamp(f->covariance, -most, most);
}

/* The filter's step for one exchange of `bits` that took `time`. Gives 1 if
   that was a step of the link. */
static int fit(struct clv_link_fit *f, const struct character *c, double bits,
               double time)
{
    double miss = time - f->rtt_ns - bits * f->pace;
    double noise = c->noise * time * c->noise * time + NOISE_NS * NOISE_NS;
    double share = clamp(miss / time, -1, 1);
    double with_pace = bits * f->pace_var + f->covariance;
    double with_trip = bits * f->covariance + f->rtt_var;
    double var = bits * with_pace + with_trip + noise;
    int is_step = miss * miss > SURPRISE * SURPRISE * var;

    f->score = SCORE_KEEPS * f->score + share * share;
    if (is_step) {
        f->pace_var += miss / bits * miss / bits;
        with_pace = bits * f->pace_var + f->covariance;
        var = bits * with_pace + with_trip + noise;
    }
    f->pace += with_pace / var * miss;
    f->rtt_ns += with_trip / var * miss;
    f->pace_var -= with_pace * with_pace / var;
    f->rtt_var -= with_trip * with_trip / var;
    f->covariance -= with_pace * with_trip / var;
    keep_sane(f, time);
    return is_step;
}

/* -- Fits that compete -- */

static const struct clv_link_fit *best_of(const struct clv_link_estimator *e)
{
    return &e->fits[e->best];
}

static void begin_from_hint(struct clv_link_estimator *e,
                            const struct clv_transfer *t, double bits)
{
    double time = (double)t->duration_ns;
    double rtt_ns = e->fits[0].rtt_ns;
    double pace = e->fits[0].pace;

    if (t->tcp_rtt_ns > 0 && t->tcp_rtt_ns < time) {
        rtt_ns = t->tcp_rtt_ns;
    }
    if (t->tcp_rate_bps > 0 && bits / t->tcp_rate_bps * NS_PER_S < time) {
        pace = clamp(NS_PER_S / t->tcp_rate_bps, FASTEST_PACE, SLOWEST_PACE);
    }
    for (size_t i = 0; i < CLV_FITS; i++) {
        begin_fit(&e->fits[i], pace, rtt_ns);
    }
}

/* How much rates change, from one exchange to the next, as far as this one
   tells: one that is all round trip tells nothing. */
static void note_spread(struct clv_link_estimator *e, double bits, double time)
{
    double on_link = bits * best_of(e)->pace;
    double seen = fmax(time - best_of(e)->rtt_ns, 0);
    double told = clamp(fmin(on_link, seen) / time, 0, 1);
    double change = clamp(on_link / fmax(seen, 1) - 1, -1, 1);

    e->spread += 0.15 * told * (change * change - e->spread);
    e->evidence = 0.95 * e->evidence + 0.5 + 0.5 * told;
}

/* The best so far, and of fits that are about as good the quickest: a link
   that has been steady for an hour may step in the next second. */
static void choose_fit(struct clv_link_estimator *e)
{
    double least = INFINITY;
    double handicap = 1;

    for (size_t i = 0; i < CLV_FITS; i++) {
        double score = handicap * (e->fits[i].score + STEADY * STEADY);
        if (score < least) {
            least = score;
            e->best = i;
        }
        handicap *= HANDICAP;
    }
}

static void note_for_fits(struct clv_link_estimator *e,
                          const struct clv_transfer *t)
{
    double bits = bits_of(e, (double)t->bytes_up, (double)t->bytes_down);
    double time = (double)t->duration_ns;
    double seconds = 0;
    int is_step = 0;

    if (e->last_ns == INT64_MIN) {
        begin_from_hint(e, t, bits);
    } else if (t->at_ns > e->last_ns) {
        seconds = (double)(t->at_ns - e->last_ns) / NS_PER_S;
        note_spread(e, bits, time);
    }
    for (size_t i = 0; i < CLV_FITS; i++) {
        let_wander(&e->fits[i], &characters[i], seconds);
        is_step |= fit(&e->fits[i], &characters[i], bits, time) && i == e->best;
    }
    choose_fit(e);
    e->steps += (uint64_t)is_step;
    e->evidence = fmax(e->evidence, 0.5);
}

/* A bound from below on the pace; what is believed goes there, if it was not
   there already. */
static void bound_fits(struct clv_link_estimator *e, double bits, double time)
{
    double pace = clamp(time / bits, FASTEST_PACE, SLOWEST_PACE);

    if (best_of(e)->rtt_ns + bits * best_of(e)->pace >= time) {
        return;
    }
    for (size_t i = 0; i < CLV_FITS; i++) {
        struct clv_link_fit *f = &e->fits[i];
        f->pace = fmax(pace, f->pace);
        f->pace_var += f->pace * f->pace;
        keep_sane(f, INFINITY);
    }
    e->evidence *= 0.5;
    e->steps++;
}

/* -- The published way -- */

static void note_for_average(struct clv_link_estimator *e,
                             const struct clv_transfer *t)
{
    struct clv_link_fit *f = &e->fits[0];
    double time = (double)t->duration_ns;
    double bits = bits_of(e, (double)t->bytes_up, (double)t->bytes_down);

    if (t->bytes_up + t->bytes_down < CLV_SMALL_BYTES) {
        average_note(&e->trips, time);
        f->rtt_ns = average_of(&e->trips);
        return;
    }
    average_note(&e->rates,
                 bits / fmax(time - f->rtt_ns, 0.1 * time) * NS_PER_S);
    f->pace =
        clamp(NS_PER_S / average_of(&e->rates), FASTEST_PACE, SLOWEST_PACE);
}

/* -- Links -- */

void clv_link_estimator_init(struct clv_link_estimator *e,
                             enum clv_learns_by by, double up_bps,
                             double down_bps, double rtt_ns)
{
    double pace = clamp(NS_PER_S / fmax(up_bps, 1), FASTEST_PACE, SLOWEST_PACE);

    *e = (struct clv_link_estimator){.by = by, .last_ns = INT64_MIN};
    e->ratio = clamp(down_bps * pace / NS_PER_S, 1e-3, 1e3);
    for (size_t i = 0; i < CLV_FITS; i++) {
        begin_fit(&e->fits[i], pace, fmax(rtt_ns, 0));
    }
}

static void heard_at(struct clv_link_estimator *e, int64_t at_ns)
{
    e->last_ns = at_ns > e->last_ns ? at_ns : e->last_ns;
}

void clv_link_estimator_note(struct clv_link_estimator *e,
                             const struct clv_transfer *transfer)
{
    if (transfer->duration_ns <= 0 || e->by == CLV_LEARNS_NOTHING) {
        return;
    }
    if (e->by == CLV_LEARNS_BY_AVERAGE) {
        note_for_average(e, transfer);
    } else {
        note_for_fits(e, transfer);
    }
    heard_at(e, transfer->at_ns);
}

void clv_link_estimator_note_timeout(struct clv_link_estimator *e,
                                     int64_t at_ns, int64_t duration_ns,
                                     uint64_t bytes_up)
{
    double bits = bits_of(e, (double)bytes_up, 0);

    if (duration_ns <= 0 || e->by == CLV_LEARNS_NOTHING) {
        return;
    }
    if (e->by == CLV_LEARNS_BY_AVERAGE) {
        average_note(&e->rates, bits / (double)duration_ns * NS_PER_S);
        e->fits[0].pace =
            clamp(NS_PER_S / average_of(&e->rates), FASTEST_PACE, SLOWEST_PACE);
    } else {
        bound_fits(e, bits, (double)duration_ns);
    }
    heard_at(e, at_ns);
}

struct clv_link_view clv_link_estimator_look(const struct clv_link_estimator *e,
                                             int64_t now_ns)
{
    const struct clv_link_fit *f = best_of(e);
    struct clv_link_view view = {.up_bps = NS_PER_S / f->pace,
                                 .down_bps = NS_PER_S / f->pace * e->ratio,
                                 .rtt_ns = f->rtt_ns,
                                 .rate_std = sqrt(e->spread),
                                 .age_ns = INT64_MAX};
    double sure;

    if (e->last_ns == INT64_MIN) {
        return view;
    }
    view.age_ns = now_ns > e->last_ns ? now_ns - e->last_ns : 0;
    sure =
        e->by == CLV_LEARNS_BY_AVERAGE ? (double)e->rates.count : e->evidence;
    view.confidence = sure / (sure + 1) *
                      exp2(-(double)view.age_ns / HALF_LIFE_NS) *
                      (1 - fmin(view.rate_std, 0.9));
    return view;
}

/* -- Loads -- */

static double median_like(const struct clv_load_estimator *e)
{
    double sum = 0;
    double least = INFINITY;
    double most = 0;

    for (size_t i = 0; i < e->count; i++) {
        sum += e->recent[i];
        least = fmin(least, e->recent[i]);
        most = fmax(most, e->recent[i]);
    }
    return e->count < 3 ? sum / (double)e->count
                        : (sum - least - most) / (double)(e->count - 2);
}

void clv_load_estimator_init(struct clv_load_estimator *e)
{
    *e = (struct clv_load_estimator){.slowdown = 1, .last_ns = INT64_MIN};
}

void clv_load_estimator_note(struct clv_load_estimator *e, int64_t at_ns,
                             double measured_ns, double profiled_ns)
{
    if (!(measured_ns > 0 && profiled_ns > 0)) {
        return;
    }
    e->recent[e->next] = clamp(measured_ns / profiled_ns, 1e-3, 1e4);
    e->next = (e->next + 1) % CLV_LOADS_KEPT;
    e->count += e->count < CLV_LOADS_KEPT;
    e->slowdown = median_like(e);
    e->last_ns = at_ns > e->last_ns ? at_ns : e->last_ns;
}

int clv_load_is_told(double measured_ns, double profiled_ns, double whole_ns)
{
    return measured_ns >= LOAD_TELLS_NS && profiled_ns > 0 &&
           profiled_ns >= LOAD_TELLS * whole_ns;
}

double clv_load_estimator_look(const struct clv_load_estimator *e,
                               int64_t now_ns)
{
    double age = e->count > 0 && now_ns > e->last_ns
                     ? (double)now_ns - (double)e->last_ns
                     : 0;
    double silent = fmax(age - LOAD_HOLDS_NS, 0);

    return pow(e->slowdown, exp2(-silent / LOAD_HALF_LIFE_NS));
}
