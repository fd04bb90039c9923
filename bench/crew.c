/*
 * crew.c - an ensemble at work: every task in a thread, every inference
 * recorded.
 */
#include "bench/crew.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/wait.h"
#include "bench/stage.h"
#include "bench/tally.h"
#include "run/adaptive.h"

#define RECORDS ((size_t)1 << 20)
#define STRIDE 37 /* from sample to sample: they are sorted by class */

static void keep_text(char into[CREW_TEXT], const char *text)
{
    snprintf(into, CREW_TEXT, "%s", text != NULL ? text : "");
}

static void on_event(void *self, const cleave_event *event)
{
    struct crew *c = self;
    struct crew_event *e;

    if (getenv("CLEAVE_BENCH_EVENTS") != NULL) {
        fprintf(stderr, "%8.3f %s %s: %s: %s -> %s (%s) %.3g ms\n",
                (double)event->at_ns / 1e9, event->task ? event->task : "",
                cleave_event_name(event->kind),
                event->reason ? event->reason : "",
                event->from ? event->from : "", event->to ? event->to : "",
                event->state ? event->state : "", (double)event->cost_ns / 1e6);
    }
    if (event->kind != CLEAVE_EVENT_STATE &&
        event->kind != CLEAVE_EVENT_ADAPT) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    if (c->event_count < CREW_EVENTS) {
        e = &c->events[c->event_count++];
        *e = (struct crew_event){.kind = event->kind,
                                 .at_ns = tally_now_ns(),
                                 .cost_ns = event->cost_ns};
        keep_text(e->state, event->state);
        keep_text(e->to, event->to);
    }
    pthread_mutex_unlock(&c->lock);
}

size_t crew_told(struct crew *crew)
{
    size_t count;

    pthread_mutex_lock(&crew->lock);
    count = crew->event_count;
    pthread_mutex_unlock(&crew->lock);
    return count;
}

/* -- Opening -- */

static void open_member(struct crew *c, size_t task,
                        const struct usecase_world *w, double rate_per_s)
{
    struct crew_member *m = &c->members[task];
    cleave_error err = CLEAVE_ERROR_INIT;
    const char *path = w->application->tasks[task].input;
    const struct clv_source *source;

    m->crew = c;
    m->runner = cleave_ensemble_runner(c->ensemble, task);
    m->rate_per_s = rate_per_s;
    m->records = calloc(RECORDS, sizeof *m->records);
    stage_must(m->records != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, path);
    stage_must(clv_feed_init(&m->feed, &path, 1, &err), &err, path);
    stage_must(clv_runner_count(m->runner, &m->feed, &source, &err), &err,
               path);
    m->samples = clv_source_count(source);
}

void crew_open(struct crew *c, const struct usecase_world *w,
               const struct crew_wish *wish)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_ensemble_options o = {
        .application = wish->app,
        .database = w->database,
        .cache = w->cache,
        .manager = wish->manager,
        .machine = wish->machine,
        .on_event = on_event,
        .event_self = c,
    };

    memset(c, 0, sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    stage_must(cleave_ensemble_open(&o, &c->ensemble, &err), &err, wish->app);
    c->count = cleave_ensemble_count(c->ensemble);
    for (size_t t = 0; t < c->count; t++) {
        open_member(c, t, w,
                    wish->rates_per_s != NULL ? wish->rates_per_s[t] : 0);
    }
}

void crew_close(struct crew *c)
{
    for (size_t t = 0; t < c->count; t++) {
        clv_feed_fini(&c->members[t].feed);
    }
    cleave_ensemble_close(c->ensemble);
    for (size_t t = 0; t < c->count; t++) {
        free(c->members[t].records);
    }
    pthread_mutex_destroy(&c->lock);
}

/* -- Working -- */

/* What the design that answered needs; sought only when it is another. */
static void note_design(struct crew_member *m, const char *design)
{
    const struct clv_space *space = m->runner->space;
    char text[CLV_DESIGN_TEXT];

    if (strcmp(design, m->design) == 0) {
        return;
    }
    snprintf(m->design, sizeof m->design, "%s", design);
    for (size_t i = 0; i < space->count; i++) {
        if (strcmp(clv_design_text(space, i, text), design) == 0) {
            double bytes = space->candidates[i].memory_bytes;
            atomic_store(&m->memory_bytes, bytes > 0 ? (uint64_t)bytes : 0);
            return;
        }
    }
}

static double memory_of(struct crew *c)
{
    uint64_t sum = 0;

    for (size_t t = 0; t < c->count; t++) {
        sum += atomic_load(&c->members[t].memory_bytes);
    }
    return (double)sum;
}

static void infer(struct crew_member *m, uint64_t sample)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *result;
    struct crew_record *record = &m->records[m->count];

    record->began_ns = tally_now_ns();
    stage_must(clv_runner_infer_sample(m->runner, &m->feed,
                                       sample * STRIDE % m->samples, &result,
                                       &err),
               &err, "inference");
    record->latency_ns = result->total_ns;
    note_design(m, result->design);
    record->memory_bytes = memory_of(m->crew);
    m->count += m->count < RECORDS - 1;
    cleave_result_free(result);
}

static void *work(void *self)
{
    struct crew_member *m = self;
    int64_t pause_ns = m->rate_per_s > 0 ? (int64_t)(1e9 / m->rate_per_s) : 0;
    int64_t due_ns = tally_now_ns();

    for (uint64_t i = 0; !atomic_load(&m->crew->is_over); i++) {
        infer(m, i);
        due_ns += pause_ns;
        while (pause_ns > 0 && due_ns < tally_now_ns()) {
            due_ns += pause_ns;
        }
        if (pause_ns > 0) {
            clv_wait_until(due_ns);
        }
    }
    return NULL;
}

void crew_start(struct crew *c)
{
    atomic_store(&c->is_over, 0);
    for (size_t t = 0; t < c->count; t++) {
        struct crew_member *m = &c->members[t];
        stage_must(pthread_create(&m->thread, NULL, work, m) == 0
                       ? CLEAVE_OK
                       : CLEAVE_LIMIT,
                   NULL, "thread");
    }
}

void crew_stop(struct crew *c)
{
    atomic_store(&c->is_over, 1);
    for (size_t t = 0; t < c->count; t++) {
        pthread_join(c->members[t].thread, NULL);
    }
}

/* -- What befalls the device -- */

static void hog(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (volatile uint64_t i = 0;; i++) {
    }
}

void crew_hogs_start(struct crew_hogs *hogs, size_t count)
{
    fflush(stdout);
    *hogs = (struct crew_hogs){.count = count < CREW_HOGS ? count : CREW_HOGS};
    for (size_t i = 0; i < hogs->count; i++) {
        hogs->pids[i] = fork();
        stage_must(hogs->pids[i] >= 0 ? CLEAVE_OK : CLEAVE_LIMIT, NULL, "hog");
        if (hogs->pids[i] == 0) {
            hog();
        }
    }
}

void crew_hogs_stop(struct crew_hogs *hogs)
{
    for (size_t i = 0; i < hogs->count; i++) {
        kill(hogs->pids[i], SIGKILL);
        (void)waitpid(hogs->pids[i], NULL, 0);
    }
    hogs->count = 0;
}

static void write_to(const char *machine, const char *folder, const char *name,
                     const char *text)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char path[CLV_PATH_MAX];
    clv_bytes bytes = {(const uint8_t *)text, strlen(text)};

    stage_must(
        clv_path_print(path, sizeof path, &err, "%s/%s", machine, folder), &err,
        machine);
    stage_must(clv_folder_make(path, &err), &err, path);
    stage_must(clv_path_print(path, sizeof path, &err, "%s/%s/%s", machine,
                              folder, name),
               &err, machine);
    stage_must(clv_file_write(path, bytes, &err), &err, path);
}

void crew_squeeze(const char *machine, double share)
{
    char text[256];

    snprintf(text, sizeof text,
             "some avg10=%.2f avg60=%.2f avg300=0.00 total=0\n"
             "full avg10=%.2f avg60=%.2f avg300=0.00 total=0\n",
             100 * share, 100 * share, 100 * share, 100 * share);
    /* Whoever has a cgroup asks that first. */
    write_to(machine, "proc/self", "cgroup", "0::/crew\n");
    write_to(machine, "sys/fs/cgroup/crew", "memory.pressure", text);
    write_to(machine, "proc/pressure", "memory", text);
}
