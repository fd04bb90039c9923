/*
 * senses.c - what a runner knows of the world, from its own inferences.
 *
 * The estimators do the thinking (plan/estimator.h); here is only what makes
 * an exchange, as the client measured it, into what they want to hear, and
 * the lock. The wait in a server's queue is a plain average of late ones that
 * fades in seconds: queues come and go.
 */
#include "run/senses.h"

#include <math.h>

#define QUEUE_NEW 0.3      /* weight of the latest wait */
#define QUEUE_FADES_NS 2e9 /* to a third */

#define HINT_ALIKE 1.5 /* times as long, or as short */
#define HINT_NEW 0.1

void clv_senses_init(struct clv_senses *senses, enum clv_learns_by by,
                     size_t server_count)
{
    *senses = (struct clv_senses){.server_count = server_count};
    pthread_mutex_init(&senses->lock, NULL);
    clv_load_estimator_init(&senses->device);
    for (size_t i = 0; i < server_count && i < CLV_SERVERS; i++) {
        struct clv_sensed_server *s = &senses->servers[i];
        clv_link_estimator_init(&s->link, by, CLV_GUESS_UP_BPS,
                                CLV_GUESS_DOWN_BPS, CLV_GUESS_RTT_NS);
        clv_load_estimator_init(&s->load);
    }
}

void clv_senses_fini(struct clv_senses *senses)
{
    pthread_mutex_destroy(&senses->lock);
}

static double queue_now(const struct clv_sensed_server *s, int64_t now_ns)
{
    double age_ns = (double)(now_ns - s->queue_at_ns);

    return s->queue_ns * exp(-(age_ns > 0 ? age_ns : 0) / QUEUE_FADES_NS);
}

void clv_senses_look(struct clv_senses *senses, int64_t now_ns,
                     struct clv_conditions *ret_conditions)
{
    struct clv_conditions c = clv_conditions_reference(senses->server_count);

    pthread_mutex_lock(&senses->lock);
    c.slowdown = clv_load_estimator_look(&senses->device, now_ns);
    for (size_t i = 0; i < senses->server_count; i++) {
        const struct clv_sensed_server *s = &senses->servers[i];
        struct clv_link_view view = clv_link_estimator_look(&s->link, now_ns);
        struct clv_reach *r = &c.reach[i];
        r->up_bps = view.up_bps;
        r->down_bps = view.down_bps;
        r->rtt_ns = view.rtt_ns;
        r->rate_std = view.rate_std;
        r->slowdown = clv_load_estimator_look(&s->load, now_ns);
        r->queue_ns = queue_now(s, now_ns);
        r->is_up = s->is_up;
    }
    pthread_mutex_unlock(&senses->lock);
    *ret_conditions = c;
}

struct clv_link_view clv_senses_view(struct clv_senses *senses, size_t server,
                                     int64_t now_ns)
{
    struct clv_link_view view;

    pthread_mutex_lock(&senses->lock);
    view = clv_link_estimator_look(&senses->servers[server].link, now_ns);
    pthread_mutex_unlock(&senses->lock);
    return view;
}

int clv_senses_set_up(struct clv_senses *senses, size_t server, int is_up)
{
    int before;

    pthread_mutex_lock(&senses->lock);
    before = senses->servers[server].is_up;
    senses->servers[server].is_up = is_up;
    pthread_mutex_unlock(&senses->lock);
    return before;
}

struct clv_sensing clv_senses_begin(struct clv_senses *senses, size_t server,
                                    int64_t now_ns)
{
    struct clv_sensed_server *s = &senses->servers[server];
    struct clv_sensing sensing = {.began_ns = now_ns};

    pthread_mutex_lock(&senses->lock);
    s->under_way++;
    sensing.passed_up = s->passed_up;
    sensing.passed_down = s->passed_down;
    pthread_mutex_unlock(&senses->lock);
    return sensing;
}

unsigned clv_senses_under_way(struct clv_senses *senses, size_t server)
{
    unsigned count;

    pthread_mutex_lock(&senses->lock);
    count = senses->servers[server].under_way;
    pthread_mutex_unlock(&senses->lock);
    return count;
}

/*
 * What TCP says is of the connection. Where a relay or proxy stands in
 * between that is not the whole way, which shows: the smallest exchange takes
 * many of its round trips.
 */
static void add_hint(struct clv_transfer *t, const struct clv_tcp_info *tcp)
{
    if (tcp->rtt_ns > 0 && 2 * tcp->rtt_ns >= (double)t->duration_ns) {
        t->tcp_rtt_ns = tcp->rtt_ns;
        if (tcp->rate_bps > 0 && !tcp->is_limited) {
            t->tcp_rate_bps = tcp->rate_bps;
        }
    }
}

static void note_locked(struct clv_sensed_server *s,
                        const struct clv_sensing *sensing, int64_t now_ns,
                        const struct clv_exchange *x)
{
    const struct clv_timing *t = &x->timing;
    int64_t link_ns =
        x->total_ns - x->connect_ns - t->queue_ns - t->unpack_ns - t->tail_ns;
    struct clv_transfer transfer = {
        .at_ns = now_ns,
        .duration_ns = link_ns > 0 ? link_ns : 0,
        .tcp_rtt_ns = CLV_UNKNOWN,
        .tcp_rate_bps = CLV_UNKNOWN,
    };

    s->passed_up += x->bytes_up;
    s->passed_down += x->bytes_down;
    transfer.bytes_up = s->passed_up - sensing->passed_up;
    transfer.bytes_down = s->passed_down - sensing->passed_down;
    add_hint(&transfer, &x->tcp);
    clv_link_estimator_note(&s->link, &transfer);
    if (x->has_timing) {
        s->queue_ns = (1 - QUEUE_NEW) * queue_now(s, now_ns) +
                      QUEUE_NEW * (double)t->queue_ns;
        s->queue_at_ns = now_ns;
    }
}

void clv_senses_end(struct clv_senses *senses, size_t server,
                    struct clv_sensing sensing, int64_t now_ns,
                    const struct clv_exchange *exchange, uint64_t unsent)
{
    struct clv_sensed_server *s = &senses->servers[server];

    pthread_mutex_lock(&senses->lock);
    s->under_way -= s->under_way > 0;
    if (exchange != NULL) {
        note_locked(s, &sensing, now_ns, exchange);
    } else if (unsent > 0) {
        clv_link_estimator_note_timeout(
            &s->link, now_ns, now_ns - sensing.began_ns,
            unsent + s->passed_up - sensing.passed_up);
    }
    pthread_mutex_unlock(&senses->lock);
}

void clv_senses_server_took(struct clv_senses *senses, size_t server,
                            int64_t now_ns, double measured_ns,
                            double profiled_ns)
{
    if (profiled_ns > 0) {
        pthread_mutex_lock(&senses->lock);
        clv_load_estimator_note(&senses->servers[server].load, now_ns,
                                measured_ns, profiled_ns);
        pthread_mutex_unlock(&senses->lock);
    }
}

void clv_senses_device_took(struct clv_senses *senses, int64_t now_ns,
                            double measured_ns, double profiled_ns)
{
    if (profiled_ns > 0) {
        pthread_mutex_lock(&senses->lock);
        clv_load_estimator_note(&senses->device, now_ns, measured_ns,
                                profiled_ns);
        senses->hint = 0;
        pthread_mutex_unlock(&senses->lock);
    }
}

void clv_senses_device_hinted(struct clv_senses *senses, int64_t now_ns,
                              double measured_ns, double profiled_ns)
{
    double ratio = measured_ns / profiled_ns;
    double slowdown;

    if (!(profiled_ns > 0 && measured_ns > 0)) {
        return;
    }
    pthread_mutex_lock(&senses->lock);
    slowdown = clv_load_estimator_look(&senses->device, now_ns);
    if (senses->hint == 0) {
        senses->hint = ratio;
    }
    if (ratio < HINT_ALIKE * senses->hint &&
        HINT_ALIKE * ratio > senses->hint) {
        clv_load_estimator_note(&senses->device, now_ns, slowdown, 1);
        senses->hint += HINT_NEW * (ratio - senses->hint);
    }
    pthread_mutex_unlock(&senses->lock);
}
