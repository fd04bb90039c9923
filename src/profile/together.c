/*
 * together.c - what an application's tasks cost each other, measured.
 *
 * A trial is a company (who runs where, beside how many hogs) and the bouts
 * that tell of it:
 *
 *     pair or set   [first alone] [second alone] .. [all at once]
 *     hogs          [alone] [beside the fewer] [beside the more]
 *
 * The bouts are gone through in turn, several times over; then times are
 * spreads, and spreads rows. A bout lasts as long as a few inferences of its
 * slowest member, within bounds. How often it is repeated follows from the
 * time there is: five times where that suffices for hogs, pairs, and all on one
 * engine, else less often; and if even once is too much, the last trials are
 * left out.
 *
 * Repeating matters: where the system puts threads is luck, and holds for a
 * bout. Two threads on two processors may share one of them for all of it.
 *
 * What it leaves out: cuts. A head presses like its whole network as long as
 * it runs, which is what duties are for (contention.h).
 */
#include "profile/together.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/bout.h"

#define SAMPLES 4
#define TRIALS_MAX ((size_t)2048)
#define REPEATS 5
#define LEAST_NS 40e6
#define MOST_NS 500e6
#define INFERENCES 4 /* of the slowest, in a bout */
#define LEAST_INFERENCES 3
#define STRETCH 1.4 /* of a bout of several, about */
#define HOG_KINDS 2
#define TRIES 3     /* of a round that others disturb */
#define UNREST 0.05 /* the share of waiting from where on they do */

struct trial {
    uint32_t seats[CLV_SEATS]; /* CLV_NO_SEAT: does not run */
    int is_of_hogs;
};

struct together {
    const struct clv_together_options *o;
    struct clv_sample samples[CLV_SEATS][SAMPLES];
    size_t sample_counts[CLV_SEATS];
    struct clv_seam *seams[CLV_SEATS]; /* of the trial now */
    uint32_t hogs[HOG_KINDS];
    size_t hog_kinds;
    struct trial *trials;
    size_t trial_count;
    uint32_t repeats;
    int64_t last_ns;  /* when no round is made again any more */
    int is_disturbed; /* some round of the trial now */
    struct clv_together_account account;
};

/* -- Which trials -- */

static int add_trial(struct together *t, const struct trial *trial)
{
    if (t->trial_count < TRIALS_MAX) {
        t->trials[t->trial_count++] = *trial;
    }
    t->account.possible += 1;
    return t->trial_count < TRIALS_MAX;
}

static struct trial nobody(void)
{
    struct trial trial;

    memset(trial.seats, 0xff, sizeof trial.seats);
    trial.is_of_hogs = 0;
    return trial;
}

static void list_hogs(struct together *t)
{
    for (size_t i = 0; i < t->o->task_count; i++) {
        for (uint32_t e = 0; e < t->o->engine_count; e++) {
            struct trial trial = nobody();
            trial.seats[i] = e;
            trial.is_of_hogs = 1;
            add_trial(t, &trial);
        }
    }
}

/* On one engine, or on two different ones. */
static void list_pairs(struct together *t, int same)
{
    uint32_t engines = (uint32_t)t->o->engine_count;

    for (size_t i = 0; i < t->o->task_count; i++) {
        for (size_t j = i + 1; j < t->o->task_count; j++) {
            for (uint32_t k = 0; k < engines * engines; k++) {
                struct trial trial = nobody();
                trial.seats[i] = k / engines;
                trial.seats[j] = k % engines;
                if ((trial.seats[i] == trial.seats[j]) == same) {
                    add_trial(t, &trial);
                }
            }
        }
    }
}

static int is_uniform(const struct trial *trial, size_t tasks)
{
    for (size_t i = 1; i < tasks; i++) {
        if (trial->seats[i] != trial->seats[0]) {
            return 0;
        }
    }
    return 1;
}

/* The next tuple of engines, the last task's turning fastest. */
static int turn(struct trial *trial, size_t tasks, uint32_t engines)
{
    for (size_t i = tasks; i-- > 0;) {
        if (++trial->seats[i] < engines) {
            return 1;
        }
        trial->seats[i] = 0;
    }
    return 0;
}

static void list_sets(struct together *t)
{
    size_t tasks = t->o->task_count;
    uint32_t engines = (uint32_t)t->o->engine_count;
    struct trial trial = nobody();
    double all = 1;
    double listed = t->account.possible;

    if (tasks < 3) {
        return;
    }
    for (uint32_t e = 0; e < engines; e++) {
        for (size_t i = 0; i < tasks; i++) {
            trial.seats[i] = e;
        }
        add_trial(t, &trial);
    }
    for (size_t i = 0; i < tasks; i++) {
        trial.seats[i] = 0;
        all *= engines;
    }
    while (turn(&trial, tasks, engines) &&
           (is_uniform(&trial, tasks) || add_trial(t, &trial))) {
    }
    t->account.possible = listed + all;
}

static void list_all(struct together *t)
{
    list_hogs(t);
    list_pairs(t, 1);
    list_pairs(t, 0);
    list_sets(t);
}

/* -- How long they take -- */

static double slowest_ns(const struct together *t, const struct trial *trial)
{
    double most = 0;

    for (size_t i = 0; i < t->o->task_count; i++) {
        uint32_t e = trial->seats[i];
        if (e != CLV_NO_SEAT && t->o->tasks[i].alone_ns[e] > most) {
            most = t->o->tasks[i].alone_ns[e];
        }
    }
    return most;
}

static double bout_ns(const struct together *t, double inference_ns)
{
    double wanted = INFERENCES * inference_ns;
    double least = t->o->bout_ns > 0 ? t->o->bout_ns : LEAST_NS;

    return wanted < least ? least : wanted > MOST_NS ? MOST_NS : wanted;
}

/* A bout goes on until it has its least inferences, and warms up before. */
static double expect_bout_ns(const struct together *t, double inference_ns,
                             double stretch)
{
    double least = LEAST_INFERENCES * inference_ns * stretch;
    double wanted = bout_ns(t, inference_ns);

    return (least > wanted ? least : wanted) + inference_ns * stretch;
}

/* Of one repetition. */
static double expect_ns(const struct together *t, const struct trial *trial)
{
    double slowest = slowest_ns(t, trial);
    double ns = expect_bout_ns(t, slowest, STRETCH);

    if (trial->is_of_hogs) {
        return expect_bout_ns(t, slowest, 1) + (double)t->hog_kinds * ns;
    }
    for (size_t i = 0; i < t->o->task_count; i++) {
        if (trial->seats[i] != CLV_NO_SEAT) {
            ns +=
                expect_bout_ns(t, t->o->tasks[i].alone_ns[trial->seats[i]], 1);
        }
    }
    return ns;
}

static size_t count_members(const struct together *t, const struct trial *trial)
{
    size_t count = 0;

    for (size_t i = 0; i < t->o->task_count; i++) {
        count += trial->seats[i] != CLV_NO_SEAT;
    }
    return count;
}

/* The time that all but the sets of more than two take: these are what the
   others add up to, and only fill what is left. */
static double expect_needed_ns(const struct together *t)
{
    double sum = 0;

    for (size_t i = 0; i < t->trial_count; i++) {
        const struct trial *trial = &t->trials[i];
        if (count_members(t, trial) <= 2 ||
            is_uniform(trial, t->o->task_count)) {
            sum += expect_ns(t, trial);
        }
    }
    return sum;
}

/* As often and as many as there is time for. Returns what that takes. */
static double fit_into_budget(struct together *t)
{
    double needed = expect_needed_ns(t);
    double sum = 0;
    size_t kept = 0;

    t->repeats = REPEATS;
    while (t->repeats > 1 && needed * t->repeats > t->o->budget_ns) {
        t->repeats--;
    }
    while (kept < t->trial_count) {
        double ns = t->repeats * expect_ns(t, &t->trials[kept]);
        if (sum + ns > t->o->budget_ns) {
            break;
        }
        sum += ns;
        kept++;
    }
    t->trial_count = kept;
    return sum;
}

/* -- What is known -- */

static size_t fill_sitters(const struct together *t, const struct trial *trial,
                           struct clv_sitter sitters[CLV_SEATS])
{
    for (size_t i = 0; i < t->o->task_count; i++) {
        uint32_t e = trial->seats[i];
        sitters[i] =
            e == CLV_NO_SEAT
                ? (struct clv_sitter){NULL, NULL}
                : (struct clv_sitter){t->o->tasks[i].model, t->o->engines[e]};
    }
    return t->o->task_count;
}

/* Whether every row that the trial would give is there. */
static cleave_status is_known(const struct together *t,
                              const struct trial *trial, int *ret_known,
                              cleave_error *err)
{
    struct clv_sitter sitters[CLV_SEATS];
    size_t count = fill_sitters(t, trial, sitters);
    size_t kinds = trial->is_of_hogs ? t->hog_kinds : 1;
    cleave_status status = CLEAVE_OK;

    *ret_known = 1;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; status == CLEAVE_OK && *ret_known && k < kinds &&
                           sitters[i].model != NULL;
             k++) {
            status = clv_database_has_together(
                t->o->database, t->o->origin, sitters, count,
                trial->is_of_hogs ? t->hogs[k] : 0, i, ret_known, err);
        }
    }
    return status;
}

static cleave_status drop_known(struct together *t, cleave_error *err)
{
    size_t kept = 0;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < t->trial_count; i++) {
        int known = 0;
        status = is_known(t, &t->trials[i], &known, err);
        if (known) {
            t->account.known++;
        } else {
            t->trials[kept++] = t->trials[i];
        }
    }
    t->trial_count = kept;
    return status;
}

/* -- One trial -- */

/* Times of each member: alone, and in each of the bouts of several. */
struct results {
    struct clv_bout_times alone[CLV_SEATS];
    struct clv_bout_times beside[HOG_KINDS][CLV_SEATS];
};

static void forget_results(struct results *r)
{
    for (size_t i = 0; i < CLV_SEATS; i++) {
        free(r->alone[i].ns);
        for (size_t k = 0; k < HOG_KINDS; k++) {
            free(r->beside[k][i].ns);
        }
    }
}

static struct clv_bout_member member_of(struct together *t, size_t task,
                                        struct clv_bout_times *times)
{
    return (struct clv_bout_member){.seam = t->seams[task],
                                    .samples = t->samples[task],
                                    .sample_count = t->sample_counts[task],
                                    .times = times};
}

/* The members of the trial, or only the one. */
static cleave_status run_bout(struct together *t, const struct trial *trial,
                              size_t only, uint32_t hogs,
                              struct clv_bout_times *times, cleave_error *err)
{
    struct clv_bout_member members[CLV_SEATS];
    double slowest = 0;
    struct clv_bout bout = {.members = members,
                            .hogs = hogs,
                            .least = LEAST_INFERENCES,
                            .clock = t->o->clock};

    for (size_t i = 0; i < t->o->task_count; i++) {
        uint32_t e = trial->seats[i];
        if (e != CLV_NO_SEAT && (only == i || only == CLV_SEATS)) {
            double ns = t->o->tasks[i].alone_ns[e];
            members[bout.count++] = member_of(t, i, &times[i]);
            slowest = ns > slowest ? ns : slowest;
        }
    }
    bout.for_ns = (int64_t)bout_ns(t, slowest);
    return clv_bout_run(&bout, err);
}

/* All bouts once; `ret_stalled` is the most that was waited while one ran
   alone, or below 0. */
static cleave_status run_round(struct together *t, const struct trial *trial,
                               struct results *r, double *ret_stalled,
                               cleave_error *err)
{
    size_t kinds = trial->is_of_hogs ? t->hog_kinds : 1;
    cleave_status status = CLEAVE_OK;

    *ret_stalled = CLV_UNKNOWN;
    for (size_t i = 0; status == CLEAVE_OK && i < t->o->task_count; i++) {
        double waited = clv_stall_ns(t->o->stall);
        int64_t begun = clv_clock_now_ns(t->o->clock);
        double share;
        if (trial->seats[i] == CLV_NO_SEAT) {
            continue;
        }
        status = run_bout(t, trial, i, 0, r->alone, err);
        share =
            clv_stall_share(t->o->stall, waited,
                            (double)(clv_clock_now_ns(t->o->clock) - begun));
        *ret_stalled = share > *ret_stalled ? share : *ret_stalled;
    }
    for (size_t k = 0; status == CLEAVE_OK && k < kinds; k++) {
        status =
            run_bout(t, trial, CLV_SEATS, trial->is_of_hogs ? t->hogs[k] : 0,
                     r->beside[k], err);
    }
    return status;
}

static cleave_status append_times(struct clv_bout_times *to,
                                  const struct clv_bout_times *from,
                                  cleave_error *err)
{
    size_t count = to->count + from->count;
    double *grown = realloc(to->ns, (count + 1) * sizeof *grown);

    if (grown == NULL) {
        return clv_fail_memory(err, "times", count * sizeof *grown);
    }
    if (from->count > 0) {
        memcpy(grown + to->count, from->ns, from->count * sizeof *grown);
    }
    *to = (struct clv_bout_times){grown, count, count + 1};
    return CLEAVE_OK;
}

static cleave_status append_results(struct results *to,
                                    const struct results *from,
                                    cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < CLV_SEATS; i++) {
        status = append_times(&to->alone[i], &from->alone[i], err);
        for (size_t k = 0; status == CLEAVE_OK && k < HOG_KINDS; k++) {
            status = append_times(&to->beside[k][i], &from->beside[k][i], err);
        }
    }
    return status;
}

/* One round that others left alone, or the calmest of several. */
static cleave_status repeat(struct together *t, const struct trial *trial,
                            struct results *r, cleave_error *err)
{
    struct results best = {0};
    double least = 2;
    cleave_status status = CLEAVE_OK;

    for (int i = 0; status == CLEAVE_OK && i < TRIES && least > UNREST; i++) {
        struct results now = {0};
        double stalled;
        if (i > 0 && clv_clock_now_ns(t->o->clock) > t->last_ns) {
            break;
        }
        status = run_round(t, trial, &now, &stalled, err);
        if (status == CLEAVE_OK && stalled < least) {
            struct results worse = best;
            best = now;
            now = worse;
            least = stalled;
        }
        forget_results(&now);
    }
    t->is_disturbed |= least > UNREST;
    if (status == CLEAVE_OK) {
        status = append_results(r, &best, err);
    }
    forget_results(&best);
    return status;
}

static cleave_status put_rows(struct together *t, const struct trial *trial,
                              struct results *r, cleave_error *err)
{
    struct clv_sitter sitters[CLV_SEATS];
    size_t count = fill_sitters(t, trial, sitters);
    size_t kinds = trial->is_of_hogs ? t->hog_kinds : 1;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; i < count; i++) {
        struct clv_spread alone =
            clv_spread_of(r->alone[i].ns, r->alone[i].count);
        for (size_t k = 0; status == CLEAVE_OK && k < kinds; k++) {
            struct clv_bout_times *times = &r->beside[k][i];
            struct clv_spread beside = clv_spread_of(times->ns, times->count);
            if (alone.count > 0 && beside.count > 0) {
                status = clv_database_put_together(
                    t->o->database, t->o->origin, sitters, count,
                    trial->is_of_hogs ? t->hogs[k] : 0, i, &alone, &beside,
                    err);
            }
        }
    }
    return status;
}

static const char *describe(const struct together *t, const struct trial *trial,
                            char *into, size_t room)
{
    size_t used = 0;

    for (size_t i = 0; i < t->o->task_count && used < room; i++) {
        if (trial->seats[i] != CLV_NO_SEAT) {
            used +=
                (size_t)snprintf(into + used, room - used, "%s%.30s on %.40s",
                                 used > 0 ? ", " : "", t->o->tasks[i].name,
                                 t->o->engines[trial->seats[i]]);
        }
    }
    if (used < room && trial->is_of_hogs) {
        snprintf(into + used, room - used, " beside hogs");
    }
    return into;
}

/* Only what takes part is loaded: no more than a run in earnest would have. */
static cleave_status seat_members(struct together *t, const struct trial *trial,
                                  cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < t->o->task_count; i++) {
        if (trial->seats[i] != CLV_NO_SEAT) {
            status =
                clv_seam_open(t->o->tasks[i].networks[trial->seats[i]],
                              CLV_CUT_INPUT, CLV_SEAM_BOTH, &t->seams[i], err);
        }
    }
    return status;
}

static void dismiss_members(struct together *t)
{
    for (size_t i = 0; i < CLV_SEATS; i++) {
        clv_seam_close(t->seams[i]);
        t->seams[i] = NULL;
    }
}

static cleave_status try_one(struct together *t, const struct trial *trial,
                             cleave_error *err)
{
    const struct clv_together_watch *w = &t->o->watch;
    struct results r = {0};
    char what[160];
    cleave_status status;

    t->is_disturbed = 0;
    if (w->step != NULL) {
        w->step(w->self, t->repeats * expect_ns(t, trial) / 1e9,
                describe(t, trial, what, sizeof what));
    }
    status = seat_members(t, trial, err);
    for (uint32_t i = 0; status == CLEAVE_OK && i < t->repeats; i++) {
        status = w->is_cancelled != NULL && w->is_cancelled(w->self)
                     ? CLEAVE_CANCELLED
                     : repeat(t, trial, &r, err);
    }
    if (status == CLEAVE_OK) {
        status = put_rows(t, trial, &r, err);
    }
    dismiss_members(t);
    if (w->stepped != NULL) {
        w->stepped(w->self);
    }
    forget_results(&r);
    return status;
}

/* -- Opening -- */

static cleave_status load_samples(struct together *t, size_t task,
                                  cleave_error *err)
{
    const struct clv_together_task *from = &t->o->tasks[task];
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0;
         status == CLEAVE_OK && i < SAMPLES && i < from->sample_count; i++) {
        status = clv_source_load(from->source, from->samples[i],
                                 &t->samples[task][i], err);
        t->sample_counts[task]++;
    }
    return status;
}

static cleave_status load_all(struct together *t, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < t->o->task_count; i++) {
        status = load_samples(t, i, err);
    }
    return status;
}

static void close_all(struct together *t)
{
    for (size_t i = 0; i < CLV_SEATS; i++) {
        for (size_t k = 0; k < SAMPLES; k++) {
            clv_sample_fini(&t->samples[i][k]);
        }
    }
    free(t->trials);
    free(t);
}

static cleave_status begin(const struct clv_together_options *o,
                           struct together **ret_together, cleave_error *err)
{
    struct together *t = NULL;

    if (o->task_count == 0 || o->task_count > CLV_SEATS ||
        o->engine_count > CLV_TOGETHER_ENGINES) {
        return clv_fail(err, CLEAVE_LIMIT, "together",
                        "At most %d tasks on %d engines are tried together.",
                        CLV_SEATS, CLV_TOGETHER_ENGINES);
    }
    t = calloc(1, sizeof *t);
    if (t == NULL) {
        return clv_fail_memory(err, "together", sizeof *t);
    }
    t->o = o;
    for (size_t i = 0; i < CLV_SEATS; i++) {
        for (size_t k = 0; k < SAMPLES; k++) {
            clv_sample_init(&t->samples[i][k]);
        }
    }
    t->hogs[0] = o->cores / 2 > 0 ? o->cores / 2 : 1;
    t->hogs[1] = o->cores;
    t->hog_kinds = t->hogs[1] > t->hogs[0] ? 2 : 1;
    t->trials = calloc(TRIALS_MAX, sizeof *t->trials);
    if (t->trials == NULL) {
        close_all(t);
        return clv_fail_memory(err, "together", TRIALS_MAX);
    }
    *ret_together = t;
    return CLEAVE_OK;
}

/* -- All together -- */

static cleave_status run(struct together *t, cleave_error *err)
{
    const struct clv_together_watch *w = &t->o->watch;
    double takes_ns;
    cleave_status status;

    list_all(t);
    status = drop_known(t, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    takes_ns = fit_into_budget(t);
    if (w->planned != NULL) {
        w->planned(w->self, t->trial_count, t->account.possible,
                   takes_ns / 1e9);
    }
    if (t->trial_count > 0) {
        status = load_all(t, err);
    }
    t->last_ns = clv_clock_now_ns(t->o->clock) + (int64_t)t->o->budget_ns;
    for (size_t i = 0; status == CLEAVE_OK && i < t->trial_count; i++) {
        status = try_one(t, &t->trials[i], err);
        t->account.trials += status == CLEAVE_OK;
        t->account.disturbed += status == CLEAVE_OK && t->is_disturbed;
    }
    return status;
}

cleave_status clv_together_run(const struct clv_together_options *options,
                               struct clv_together_account *ret_account,
                               cleave_error *err)
{
    struct together *t = NULL;
    cleave_status status;

    if (options->budget_ns <= 0) {
        if (ret_account != NULL) {
            *ret_account = (struct clv_together_account){0};
        }
        return CLEAVE_OK;
    }
    status = begin(options, &t, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    status = run(t, err);
    if (status == CLEAVE_CANCELLED) {
        clv_fail(err, status, "together",
                 "Stopped. What was measured is kept; the same command goes "
                 "on from here.");
    }
    if (ret_account != NULL) {
        *ret_account = t->account;
    }
    close_all(t);
    return status;
}
