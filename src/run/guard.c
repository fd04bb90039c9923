/*
 * guard.c - whether packed answers still are what unpacked ones would be.
 *
 * One comparison at a time; while it lasts others are not wanted. Which
 * inferences are taken is counted, not drawn: every hundredth for a share of
 * a hundredth, so that a run says the same twice.
 */
#include "run/guard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fail.h"
#include "profile/verdict.h"

#define WORDS 64     /* packings looked at */
#define FEWEST 8     /* comparisons before a word is said */
#define SURELY 2.326 /* 99 %, one-sided */
#define NICE 10      /* the thread's priority, lower than others' */
#define FIRST_TOLD 16

struct record {
    uint32_t pack;
    uint64_t count;
    double sum; /* of losses */
    double squares;
    int is_over;
};

struct job {
    struct clv_berth *berth;
    struct clv_lane *lane;
    cleave_result *answer; /* a copy */
};

struct clv_guard {
    struct clv_guard_options options;
    double share;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t offered;
    double owed; /* comparisons, by the share */
    struct job job;
    int has_job; /* until it is done */
    int is_ending;
    struct record records[WORDS]; /* the thread's alone */
    size_t record_count;
    int has_thread;
    pthread_t thread;
};

/* -- Offers -- */

static int is_lossy(const struct clv_packing *p)
{
    return p->coder != CLV_CODER_RAW || p->half;
}

/* The unpacked tensors must be the lane's: the caller's inputs are gone. */
static int can_compute(const struct clv_rig *rig)
{
    const cleave_tensor_info *want;
    const cleave_tensor_info *made;
    size_t count;
    size_t made_count;

    if (rig->tail == NULL || rig->sends_picture) {
        return rig->tail != NULL;
    }
    if (rig->head == NULL) {
        return 0;
    }
    want = clv_session_inputs(clv_part_session(rig->tail), &count);
    made = clv_session_outputs(clv_part_session(rig->head), &made_count);
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < made_count && strcmp(made[k].name, want[i].name) != 0) {
            k++;
        }
        if (k == made_count) {
            return 0;
        }
    }
    return 1;
}

static cleave_result *copy_of(const struct clv_rig *rig,
                              const cleave_result *answer)
{
    size_t count;
    const cleave_tensor_info *infos =
        clv_network_outputs(rig->ground->network, &count);
    cleave_result *copy = clv_result_new(rig->ground->network);
    cleave_status status = copy != NULL ? CLEAVE_OK : CLEAVE_MEMORY;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = clv_result_set(copy, i, &infos[i], &answer->outputs[i], NULL);
    }
    if (status != CLEAVE_OK) {
        cleave_result_free(copy);
        copy = NULL;
    }
    return copy;
}

/* Whether this one is due, by the share. */
static int is_due(struct clv_guard *g)
{
    int due;

    pthread_mutex_lock(&g->lock);
    g->owed += g->share;
    due = g->owed >= 1 && !g->has_job && !g->is_ending;
    if (g->owed > 2) {
        g->owed = 2; /* what was missed while it was busy is not made up for */
    }
    if (due) {
        g->owed -= 1;
        g->has_job = 1;
        g->job = (struct job){0};
    }
    pthread_mutex_unlock(&g->lock);
    return due;
}

int clv_guard_offer(struct clv_guard *g, struct clv_berth *berth,
                    struct clv_lane *lane, const cleave_result *answer)
{
    const struct clv_rig *rig = berth->rig;
    struct job job = {.berth = berth, .lane = lane};

    if (!is_lossy(&rig->packing) || !can_compute(rig) || !is_due(g)) {
        return 0;
    }
    job.answer = copy_of(rig, answer);
    pthread_mutex_lock(&g->lock);
    g->has_job = job.answer != NULL;
    g->job = job;
    pthread_cond_signal(&g->offered);
    pthread_mutex_unlock(&g->lock);
    return job.answer != NULL;
}

/* -- Comparing -- */

static struct record *record_of(struct clv_guard *g, uint32_t pack)
{
    size_t i = 0;

    while (i < g->record_count && g->records[i].pack != pack) {
        i++;
    }
    if (i == WORDS) {
        return NULL;
    }
    if (i == g->record_count) {
        g->records[g->record_count++] = (struct record){.pack = pack};
    }
    return &g->records[i];
}

/* How much loss the budget allows, as a share. */
static double allowed_loss(const struct clv_guard *g,
                           const struct clv_candidate *c)
{
    const struct clv_designs *designs = g->options.designs;
    const struct clv_slo *slo = &designs->task->slo;
    const char *metric = designs->costs.variants[c->variant].metric;
    double points = c->drop_high_pp > 0 ? c->drop_high_pp : 0;

    for (size_t i = 0; i < slo->constraint_count; i++) {
        const struct clv_constraint *k = &slo->constraints[i];
        if (k->measure.metric == CLV_METRIC_DROP && !k->at_least &&
            k->bound > points) {
            points = k->bound;
        }
    }
    if (metric != NULL && strncmp(metric, "top", 3) == 0) {
        points = 3 * points + 1;
    }
    return points / 100;
}

int clv_guard_is_over(uint64_t count, double sum, double squares,
                      double allowed)
{
    double n = (double)count;
    double mean = sum / n;
    double z2 = SURELY * SURELY;
    double low;

    if (count < FEWEST || mean <= allowed) {
        return 0;
    }
    if (squares >= sum) { /* losses of 0 and 1: Wilson's bound */
        low = (mean + z2 / (2 * n) -
               SURELY * sqrt(mean * (1 - mean) / n + z2 / (4 * n * n))) /
              (1 + z2 / n);
    } else {
        double variance = (squares - n * mean * mean) / (n - 1);
        low = mean - SURELY * sqrt((variance > 0 ? variance : 0) / n);
    }
    return low > allowed;
}

static int is_power_of_two(uint64_t x)
{
    return x > 0 && (x & (x - 1)) == 0;
}

static void note(struct clv_guard *g, size_t candidate, double loss)
{
    const struct clv_candidate *c =
        &g->options.designs->space.candidates[candidate];
    struct record *r = record_of(g, c->pack);
    struct clv_guard_word word;
    double allowed = allowed_loss(g, c);
    int was_over;

    if (r == NULL) {
        return;
    }
    r->count++;
    r->sum += loss;
    r->squares += loss * loss;
    was_over = r->is_over;
    r->is_over |= clv_guard_is_over(r->count, r->sum, r->squares, allowed);
    word = (struct clv_guard_word){.pack = c->pack,
                                   .compared = r->count,
                                   .agreement = 1 - r->sum / (double)r->count,
                                   .allowed = 1 - allowed,
                                   .is_over = r->is_over};
    if (r->is_over != was_over ||
        (r->count >= FIRST_TOLD && is_power_of_two(r->count))) {
        g->options.told(g->options.self, candidate, &word);
    }
}

static void compare(struct clv_guard *g, const struct job *job)
{
    struct clv_rig *rig = job->berth->rig;
    cleave_result *unpacked = NULL;
    cleave_status status = clv_pipeline_again(rig, job->lane, &unpacked, NULL);

    if (status == CLEAVE_OK) {
        struct clv_judge judge =
            clv_judge_of(rig->ground->card, unpacked->outputs[0].info.name, 0);
        struct clv_verdict right =
            clv_judge_look(&judge, unpacked->outputs, unpacked->output_count,
                           unpacked->outputs, 0, 0);
        struct clv_verdict verdict = clv_judge_look(
            &judge, job->answer->outputs, job->answer->output_count,
            unpacked->outputs, right.best, 0);
        note(g, job->berth->candidate, verdict.loss);
    }
    cleave_result_free(unpacked);
}

/* -- The thread -- */

static int wait_for_job(struct clv_guard *g, struct job *ret_job)
{
    int has;

    pthread_mutex_lock(&g->lock);
    while (!(g->has_job && g->job.answer != NULL) && !g->is_ending) {
        pthread_cond_wait(&g->offered, &g->lock);
    }
    has = g->has_job && g->job.answer != NULL;
    *ret_job = g->job;
    pthread_mutex_unlock(&g->lock);
    return has;
}

static void *work(void *self)
{
    struct clv_guard *g = self;
    struct job job;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    while (wait_for_job(g, &job)) {
        int ends;
        pthread_mutex_lock(&g->lock);
        ends = g->is_ending;
        pthread_mutex_unlock(&g->lock);
        if (!ends) {
            compare(g, &job);
        }
        cleave_result_free(job.answer);
        clv_lanes_give(&job.berth->rig->lanes, job.lane);
        clv_fleet_give(g->options.fleet, job.berth);
        pthread_mutex_lock(&g->lock);
        g->has_job = 0;
        pthread_mutex_unlock(&g->lock);
    }
    return NULL;
}

cleave_status clv_guard_open(const struct clv_guard_options *options,
                             struct clv_guard **ret_guard, cleave_error *err)
{
    struct clv_guard *g = calloc(1, sizeof *g);

    if (g == NULL) {
        return clv_fail_memory(err, "guard", sizeof *g);
    }
    g->options = *options;
    g->share = options->designs->task->guard;
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->offered, NULL);
    g->has_thread = pthread_create(&g->thread, NULL, work, g) == 0;
    if (!g->has_thread) {
        clv_guard_close(g);
        return clv_fail(err, CLEAVE_MEMORY, "guard",
                        "No thread could be started.");
    }
    *ret_guard = g;
    return CLEAVE_OK;
}

void clv_guard_close(struct clv_guard *g)
{
    if (g == NULL) {
        return;
    }
    if (g->has_thread) {
        pthread_mutex_lock(&g->lock);
        g->is_ending = 1;
        pthread_cond_signal(&g->offered);
        pthread_mutex_unlock(&g->lock);
        pthread_join(g->thread, NULL);
    }
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->offered);
    free(g);
}
