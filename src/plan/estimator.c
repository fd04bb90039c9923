/*
 * estimator.c - rate, round trip and slow-downs from what was measured.
 *
 * The fit is a Kalman filter of two states. Between exchanges the pace may
 * wander far and the round trip hardly, and this alone splits a change of
 * time between them: mostly to the pace, unless exchanges of several sizes
 * agree that it was the round trip. The filter is there for the round trip;
 * given that, each exchange is one observation of the pace, and the paces
 * followed at several speeds are exponential averages of these. On a link
 * that steps, the fastest wins; on one that jitters, a slow one.
 *
 * What is not attempted: rates that depend on the size of the transfer (slow
 * start), and telling a slow link from a slow proxy.
 */
#include "plan/estimator.h"

#include <math.h>
#include <string.h>

#define NS_PER_S 1e9

/* What one exchange varies by of itself: a share of its time, and the rest. */
#define NOISE_SHARE 0.01
#define NOISE_NS 2e5

/* Standard deviations per root second by which the states wander. */
#define PACE_WANDERS 0.7
#define TRIP_WANDERS 0.02

/* Of the standard deviation foreseen; beyond is a step of the link. */
#define SURPRISE 4.0

/* Share of the past in the competition's score. */
#define SCORE_KEEPS 0.85

/* A rate that nobody has heard of for so long is half a guess. */
#define HALF_LIFE_NS 20e9

/* A slow-down that nobody has seen holds, and is then forgotten. */
#define LOAD_HOLDS_NS 10e9
#define LOAD_HALF_LIFE_NS 60e9

#define SLOWEST_PACE 1e6  /* ns per bit: 1 kbit/s */
#define FASTEST_PACE 1e-3 /* 1 Tbit/s */

static const double pace_speed[CLV_PACES] = {1.0, 0.5, 0.2, 0.06};

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

static double average_of(const struct clv_moving_average *a, double otherwise)
{
    double sum = 0;

    for (size_t i = 0; i < a->count; i++) {
        sum += a->values[i];
    }
    return a->count > 0 ? sum / (double)a->count : otherwise;
}

/* -- The fit -- */

static double best_pace(const struct clv_link_estimator *e)
{
    return e->evidence > 0 ? e->paces[e->best] : e->pace;
}

static double bits_of(const struct clv_link_estimator *e, double bytes_up,
                      double bytes_down)
{
    return fmax(8 * (bytes_up + bytes_down / e->ratio), 1);
}

/* What may have changed since the last exchange. */
static void let_wander(struct clv_link_estimator *e, double seconds)
{
    double pace = PACE_WANDERS * e->pace;
    double trip = TRIP_WANDERS * e->rtt_ns;

    e->pace_var += pace * pace * clamp(seconds, 0.01, 60);
    e->rtt_var += trip * trip * clamp(seconds, 0, 60);
}

/* How far the exchange is off, in the standard deviations foreseen. A step
   of the link opens the pace to whatever it is now. */
static void look_for_step(struct clv_link_estimator *e, double bits,
                          double miss, double noise)
{
    double var = bits * bits * e->pace_var + 2 * bits * e->covariance +
                 e->rtt_var + noise;

    if (miss * miss > SURPRISE * SURPRISE * var) {
        e->pace_var += miss / bits * miss / bits;
        e->surprises++;
    }
}

/* The filter's step for one exchange of `bits` that took `time`. */
static void fit(struct clv_link_estimator *e, double bits, double time,
                double noise)
{
    double miss = time - e->rtt_ns - bits * e->pace;
    double with_pace;
    double with_trip;
    double var;

    look_for_step(e, bits, miss, noise);
    with_pace = bits * e->pace_var + e->covariance;
    with_trip = bits * e->covariance + e->rtt_var;
    var = bits * with_pace + with_trip + noise;
    e->pace += with_pace / var * miss;
    e->rtt_ns += with_trip / var * miss;
    e->pace_var -= with_pace * with_pace / var;
    e->rtt_var -= with_trip * with_trip / var;
    e->covariance -= with_pace * with_trip / var;
    e->rtt_ns = clamp(e->rtt_ns, 0, 0.98 * time);
    e->pace = clamp(e->pace, FASTEST_PACE, SLOWEST_PACE);
    /* Rounding must not make a variance negative. */
    e->pace_var = fmax(e->pace_var, 1e-8 * e->pace * e->pace);
    e->rtt_var = fmax(e->rtt_var, 1);
    with_pace = 0.999 * sqrt(e->pace_var * e->rtt_var);
    e->covariance = clamp(e->covariance, -with_pace, with_pace);
}

/* Moves each pace towards what the exchange says, and keeps the score. */
static void compete(struct clv_link_estimator *e, double bits, double time,
                    double noise, double seconds)
{
    double seen = clamp((time - e->rtt_ns) / bits, FASTEST_PACE, SLOWEST_PACE);
    double on_link = bits * seen;
    double told = on_link * on_link / (on_link * on_link + noise);
    double change = seen / best_pace(e) - 1;

    e->spread += 0.15 * told * (fmin(change * change, 1) - e->spread);
    for (size_t i = 0; i < CLV_PACES; i++) {
        double miss = (time - e->rtt_ns - bits * e->paces[i]) / time;
        double stays = pow(1 - pace_speed[i], 1 + clamp(seconds, 0, 60));
        e->misses[i] = SCORE_KEEPS * e->misses[i] + fmin(miss * miss, 1) * told;
        if (e->evidence < 0.5) {
            stays = 0;
        }
        e->paces[i] += told * (1 - stays) * (seen - e->paces[i]);
    }
    e->evidence = 0.95 * e->evidence + told;
    for (size_t i = 0; i < CLV_PACES; i++) {
        e->best = e->misses[i] < e->misses[e->best] ? i : e->best;
    }
}

static void begin_from_hint(struct clv_link_estimator *e,
                            const struct clv_transfer *t, double bits)
{
    double time = (double)t->duration_ns;

    if (t->tcp_rtt_ns > 0 && t->tcp_rtt_ns < time) {
        e->rtt_ns = t->tcp_rtt_ns;
    }
    if (t->tcp_rate_bps > 0 && bits / t->tcp_rate_bps * NS_PER_S < time) {
        e->pace = NS_PER_S / t->tcp_rate_bps;
    }
}

static void note_for_fit(struct clv_link_estimator *e,
                         const struct clv_transfer *t)
{
    double bits = bits_of(e, (double)t->bytes_up, (double)t->bytes_down);
    double time = (double)t->duration_ns;
    double noise =
        NOISE_SHARE * time * NOISE_SHARE * time + NOISE_NS * NOISE_NS;
    double seconds = e->last_ns == INT64_MIN || t->at_ns <= e->last_ns
                         ? 0
                         : (double)(t->at_ns - e->last_ns) / NS_PER_S;

    if (e->last_ns == INT64_MIN) {
        begin_from_hint(e, t, bits);
    }
    let_wander(e, seconds);
    fit(e, bits, time, noise);
    compete(e, bits, time, noise, seconds);
}

/* -- The published way -- */

static void note_for_average(struct clv_link_estimator *e,
                             const struct clv_transfer *t)
{
    double time = (double)t->duration_ns;
    double bits = bits_of(e, (double)t->bytes_up, (double)t->bytes_down);

    if (t->bytes_up + t->bytes_down < CLV_SMALL_BYTES) {
        average_note(&e->trips, time);
        e->rtt_ns = average_of(&e->trips, e->rtt_ns);
        return;
    }
    average_note(&e->rates,
                 bits / fmax(time - e->rtt_ns, 0.1 * time) * NS_PER_S);
    e->pace =
        clamp(NS_PER_S / average_of(&e->rates, 1), FASTEST_PACE, SLOWEST_PACE);
}

/* -- Links -- */

void clv_link_estimator_init(struct clv_link_estimator *e,
                             enum clv_learns_by by, double up_bps,
                             double down_bps, double rtt_ns)
{
    *e = (struct clv_link_estimator){.by = by, .last_ns = INT64_MIN};
    e->pace = clamp(NS_PER_S / fmax(up_bps, 1), FASTEST_PACE, SLOWEST_PACE);
    e->ratio = clamp(down_bps * e->pace / NS_PER_S, 1e-3, 1e3);
    e->rtt_ns = fmax(rtt_ns, 0);
    e->pace_var = 4 * e->pace * e->pace;
    e->rtt_var = fmax(4 * e->rtt_ns * e->rtt_ns, 1e12);
    for (size_t i = 0; i < CLV_PACES; i++) {
        e->paces[i] = e->pace;
    }
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
        note_for_fit(e, transfer);
    }
    if (transfer->at_ns > e->last_ns) {
        e->last_ns = transfer->at_ns;
    }
}

void clv_link_estimator_note_timeout(struct clv_link_estimator *e,
                                     int64_t at_ns, int64_t duration_ns,
                                     uint64_t bytes_up)
{
    double bits = bits_of(e, (double)bytes_up, 0);
    double pace = (double)duration_ns / bits;

    if (duration_ns <= 0 || e->by == CLV_LEARNS_NOTHING) {
        return;
    }
    pace = clamp(pace, FASTEST_PACE, SLOWEST_PACE);
    if (e->by == CLV_LEARNS_BY_AVERAGE) {
        average_note(&e->rates, NS_PER_S / pace);
        e->pace = NS_PER_S / average_of(&e->rates, 1);
    } else if (e->rtt_ns + bits * best_pace(e) < (double)duration_ns) {
        e->pace = fmax(pace, e->pace);
        e->pace_var += e->pace * e->pace;
        for (size_t i = 0; i < CLV_PACES; i++) {
            e->paces[i] = fmax(pace, e->paces[i]);
        }
        e->evidence *= 0.5;
        e->surprises++;
    }
    e->last_ns = at_ns > e->last_ns ? at_ns : e->last_ns;
}

struct clv_link_view clv_link_estimator_look(const struct clv_link_estimator *e,
                                             int64_t now_ns)
{
    struct clv_link_view view = {.rtt_ns = e->rtt_ns, .age_ns = INT64_MAX};
    double sure = 0;

    view.up_bps =
        NS_PER_S / (e->by == CLV_LEARNS_BY_REGRESSION ? best_pace(e) : e->pace);
    view.down_bps = view.up_bps * e->ratio;
    view.rate_std = sqrt(e->spread);
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

double clv_load_estimator_look(const struct clv_load_estimator *e,
                               int64_t now_ns)
{
    double age = e->count > 0 && now_ns > e->last_ns
                     ? (double)now_ns - (double)e->last_ns
                     : 0;
    double silent = fmax(age - LOAD_HOLDS_NS, 0);

    return pow(e->slowdown, exp2(-silent / LOAD_HALF_LIFE_NS));
}
