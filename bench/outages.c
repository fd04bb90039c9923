/*
 * outages.c - servers that fail while inferences come steadily.
 *
 * Twenty inferences a second, each with a deadline, from arrival to answer.
 * The server is killed, or stopped, or its link is cut; three seconds later
 * it is there again. Told is how many inferences were answered at all, how
 * many by their deadline, and how long after the server's return one was
 * answered by it again. The slow-down is such that the device, computing
 * alone, can do it, in less than an interval, and the server is much better.
 *
 * Arrivals do not wait for answers: each has a thread waiting for its moment,
 * as many as could be under way at once, and being late counts.
 */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/wait.h"
#include "bench/adapt_sections.h"
#include "bench/live.h"
#include "bench/stage.h"
#include "bench/tally.h"

#define INTERVAL_NS 50000000 /* between arrivals */
#define DEADLINE_NS 250000000
#define DEADLINE_LINE "    deadline: 250ms\n"
#define BEFORE_NS 2000000000
#define AWAY_NS 3000000000
#define AFTER_NS 3000000000
#define RTT_NS 4e6
#define UP_BPS 100e6
#define ALONE_NS 25e6 /* the whole network on the device */
#define THREADS 8
#define TIMES 4 /* each outage */
#define BACK_BAR_MS 1000

#define ARRIVALS ((BEFORE_NS + 2 * AWAY_NS + 2 * AFTER_NS) / INTERVAL_NS)

enum outage { KILLED, FROZEN, BLACKHOLED, OUTAGES };

static const char *const outage_names[] = {"killed", "frozen", "blackholed"};

/* One inference. */
struct arrival {
    int64_t at_ns;
    int64_t answered_ns; /* 0: never */
    int by_server;
    int was_finished; /* here, though it began for the server */
};

/* A stream of arrivals through one outage. */
struct stream {
    struct farside *far;
    struct live_device *device;
    pthread_mutex_t lock;
    size_t next;
    size_t count;
    struct arrival arrivals[ARRIVALS];
};

struct outcome {
    double slowdown;
    size_t arrivals;
    size_t answered;
    size_t in_time;
    struct tally back_ms;
    struct tally latency_ms;
    json_t *late; /* those that were not in time */
};

/* -- The stream -- */

static void *serve_arrivals(void *self)
{
    struct stream *s = self;

    for (;;) {
        struct live_answer a;
        struct arrival *one = NULL;
        size_t i;
        pthread_mutex_lock(&s->lock);
        i = s->next;
        if (i < s->count) {
            one = &s->arrivals[i];
            s->next++;
        }
        pthread_mutex_unlock(&s->lock);
        if (one == NULL) {
            return NULL;
        }
        clv_wait_until(one->at_ns);
        live_infer(s->device, i, &a);
        one->answered_ns = tally_now_ns();
        one->by_server = a.bytes_up > 0 && a.finish_ns == 0;
        one->was_finished = a.finish_ns > 0;
    }
}

/* Begins the outage, or ends it; returns the moment in which it was over. */
static int64_t set_outage(struct farside *far, enum outage outage, int is_on)
{
    switch (outage) {
    case KILLED:
        if (is_on) {
            kill(far->server.pid, SIGKILL);
            (void)child_wait(&far->server);
        } else {
            farside_start_again(far);
        }
        break;
    case FROZEN:
        kill(far->server.pid, is_on ? SIGSTOP : SIGCONT);
        break;
    default:
        farside_cut(far, is_on);
    }
    return tally_now_ns();
}

/* In the middle of an inference, or at least between two arrivals. */
static int64_t live_through(struct stream *s, enum outage outage)
{
    int64_t from_ns = tally_now_ns() + INTERVAL_NS;
    int64_t back_ns;
    pthread_t threads[THREADS];

    s->count = ARRIVALS;
    for (size_t i = 0; i < ARRIVALS; i++) {
        s->arrivals[i] =
            (struct arrival){.at_ns = from_ns + (int64_t)i * INTERVAL_NS};
    }
    for (size_t i = 0; i < THREADS; i++) {
        stage_must(pthread_create(&threads[i], NULL, serve_arrivals, s) == 0
                       ? CLEAVE_OK
                       : CLEAVE_MEMORY,
                   NULL, "threads");
    }
    clv_wait_until(from_ns + BEFORE_NS + INTERVAL_NS / 5);
    (void)set_outage(s->far, outage, 1);
    clv_wait_until(from_ns + BEFORE_NS + AWAY_NS);
    back_ns = set_outage(s->far, outage, 0);
    clv_wait_until(back_ns + AFTER_NS);
    pthread_mutex_lock(&s->lock); /* those that have begun come to their end */
    s->count = s->next;
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return back_ns;
}

static void count_one(const struct arrival *one, int64_t back_ns,
                      struct outcome *o)
{
    int64_t took_ns = one->answered_ns - one->at_ns;

    o->arrivals++;
    o->answered += one->answered_ns > 0;
    o->in_time += one->answered_ns > 0 && took_ns <= DEADLINE_NS;
    tally_add(&o->latency_ms, (double)took_ns / 1e6);
    if (took_ns > DEADLINE_NS) {
        json_array_append_new(o->late,
                              json_pack("{s:f, s:f, s:s}", "before_return_ms",
                                        (double)(back_ns - one->at_ns) / 1e6,
                                        "took_ms", (double)took_ns / 1e6, "by",
                                        one->by_server      ? "server"
                                        : one->was_finished ? "finishing here"
                                                            : "device"));
    }
}

static void count_stream(const struct stream *s, int64_t back_ns,
                         struct outcome *o)
{
    int64_t first_ns = INT64_MAX;

    for (size_t i = 0; i < s->count; i++) {
        const struct arrival *one = &s->arrivals[i];
        count_one(one, back_ns, o);
        if (one->by_server && one->answered_ns > back_ns &&
            one->answered_ns < first_ns) {
            first_ns = one->answered_ns;
        }
    }
    tally_add(&o->back_ms, first_ns < INT64_MAX
                               ? (double)(first_ns - back_ns) / 1e6
                               : (double)AFTER_NS / 1e6);
}

/* -- Rows -- */

static void row(enum outage outage, const char *measure, const char *what,
                double value, const char *unit, struct outcome *o)
{
    json_t *context = tally_context();
    char id[64];

    json_object_set_new(context, "device", json_string("emulated slow-down"));
    json_object_set_new(context, "slowdown", json_real(o->slowdown));
    json_object_set_new(context, "deadline_ms",
                        json_integer(DEADLINE_NS / 1000000));
    json_object_set_new(context, "inferences",
                        json_integer((json_int_t)o->arrivals));
    tally_describe(context, "back_ms", &o->back_ms);
    tally_describe(context, "latency_ms", &o->latency_ms);
    json_object_set_new(context, "slowest_ms",
                        json_real(tally_rank(&o->latency_ms, 100)));
    json_object_set(context, "late", o->late);
    snprintf(id, sizeof id, "adapt.outage.%s.%s", outage_names[outage],
             measure);
    if (strcmp(measure, "back_ms") == 0) {
        tally_row(id, what, value, unit, BACK_BAR_MS, context);
    } else {
        tally_row_least(id, what, value, unit, 1, context);
    }
}

static void print_rows(enum outage outage, struct outcome *o)
{
    double all = (double)o->arrivals;

    row(outage, "answered", "inferences answered, of all",
        (double)o->answered / all, "share", o);
    row(outage, "in_time", "inferences answered by their deadline, of all",
        (double)o->in_time / all, "share", o);
    row(outage, "back_ms",
        "from the server's return to the first answer of its again, the worst",
        tally_rank(&o->back_ms, 100), "ms", o);
}

static double slowdown_of(const struct profiled *p)
{
    const struct clv_conditions c = clv_conditions_reference(1);

    return ALONE_NS /
           live_choice(p, "device-only", "minimize: latency", &c).value;
}

static void run_outage(struct farside *far, enum outage outage,
                       const struct course_effort *effort)
{
    struct live_device device;
    struct live_wish wish = {.slowdown = slowdown_of(far->profiled),
                             .in_flight = THREADS,
                             .more = DEADLINE_LINE};
    struct stream *s = calloc(1, sizeof *s);
    struct outcome o = {.slowdown = wish.slowdown, .late = json_array()};
    size_t times = effort->quick ? 1 : TIMES;

    stage_must(s != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "arrivals");
    tally_init(&o.back_ms, TIMES);
    tally_init(&o.latency_ms, TIMES * ARRIVALS);
    live_device_open(&device, far, &wish);
    (void)live_settle(&device);
    for (size_t i = 0; i < times; i++) {
        *s = (struct stream){.far = far, .device = &device};
        pthread_mutex_init(&s->lock, NULL);
        count_stream(s, live_through(s, outage), &o);
        pthread_mutex_destroy(&s->lock);
    }
    live_device_close(&device);
    print_rows(outage, &o);
    tally_fini(&o.back_ms);
    tally_fini(&o.latency_ms);
    json_decref(o.late);
    free(s);
}

void section_outages(const char *data, const struct course_effort *effort)
{
    struct profiled p;
    struct farside far;

    profiled_open(&p, data, profiled_find("mobilenet_v2_fp32"),
                  "minimize: latency");
    farside_open(&far, &p,
                 &(struct farside_link){.up_bps = UP_BPS, .rtt_ns = RTT_NS});
    for (enum outage outage = KILLED; outage < OUTAGES; outage++) {
        run_outage(&far, outage, effort);
    }
    farside_close(&far);
    profiled_close(&p);
}
