/*
 * ensemble.c - opening and closing an ensemble, and what it tells others.
 *
 * Runners are opened one after the other, each at the post that the design of
 * the calm state has for it; the posts of the other designs follow in the
 * background. What a runner tells goes through here, to get its task's name.
 */
#include "cleave/ensemble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "run/ensembling.h"

/* -- What is told -- */

void clv_ensemble_tell(cleave_ensemble *e, cleave_event *event)
{
    event->at_ns = clv_clock_now_ns(e->clock) - e->opened_ns;
    if (e->on_event != NULL) {
        pthread_mutex_lock(&e->telling);
        e->on_event(e->event_self, event);
        pthread_mutex_unlock(&e->telling);
    }
}

static void on_member(void *self, const cleave_event *event)
{
    struct clv_member *m = self;
    cleave_event told = *event;

    told.task = m->ensemble->blueprint->task_names[m->task];
    clv_ensemble_tell(m->ensemble, &told);
    if (event->kind == CLEAVE_EVENT_READY ||
        event->kind == CLEAVE_EVENT_REFUSED) {
        clv_managing_stir(m->ensemble);
    }
}

/* -- Members -- */

/* The posts that the table may want of a task; first that of the lineup which
   runs first. */
static size_t list_posts(const cleave_ensemble *e, size_t task,
                         struct clv_post posts[CLV_POSTS_MOST])
{
    size_t designs =
        e->by == CLV_MANAGES_BY_TABLE ? e->switching->kept_count : 0;
    size_t count = 1;

    posts[0] = clv_reckon_post(e, task, &e->lineup.configs[task]);
    for (size_t d = 0; d < designs && count < CLV_POSTS_MOST; d++) {
        struct clv_post p =
            clv_reckon_post(e, task, &e->switching->kept[d].configs[task]);
        size_t at = 0;
        while (at < count && !clv_post_is_same(&posts[at], &p)) {
            at++;
        }
        if (at == count) {
            posts[count++] = p;
        }
    }
    return count;
}

static void note(cleave_ensemble *e, const char *task, const char *text)
{
    size_t used = strlen(e->notice);

    if (text != NULL && text[0] != '\0') {
        snprintf(e->notice + used, sizeof e->notice - used, "%s%s%s%s",
                 used > 0 ? " " : "", task != NULL ? task : "",
                 task != NULL ? ": " : "", text);
    }
}

static cleave_status open_member(cleave_ensemble *e, size_t task,
                                 const cleave_ensemble_options *o,
                                 cleave_error *err)
{
    struct clv_member *m = &e->members[task];
    struct clv_post posts[CLV_POSTS_MOST];
    struct clv_runner_company company = {
        .posts = posts,
        .post_count = list_posts(e, task, posts),
        .turns = &e->turns,
        .priority = e->blueprint->application->tasks[task].priority};
    cleave_runner_options options = {.cache = o->cache,
                                     .in_flight = o->in_flight,
                                     .slowdown = o->slowdown,
                                     .on_event = on_member,
                                     .event_self = m};
    cleave_error inner = CLEAVE_ERROR_INIT;
    cleave_status status;

    m->ensemble = e;
    m->task = task;
    status = clv_runner_open_among(e->blueprint->designs[task], &options,
                                   &company, &m->runner, &inner);
    return status == CLEAVE_OK
               ? CLEAVE_OK
               : clv_fail(err, status, inner.where, "%.60s: %s",
                          e->blueprint->task_names[task], inner.text);
}

static cleave_status open_members(cleave_ensemble *e,
                                  const cleave_ensemble_options *o,
                                  cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    while (status == CLEAVE_OK && e->count < e->switching->tasks) {
        status = open_member(e, e->count, o, err);
        e->count += status == CLEAVE_OK;
    }
    return status;
}

/* -- Life -- */

static cleave_status find_manager(const char *name, enum clv_manages_by *ret_by,
                                  cleave_error *err)
{
    static const char *const names[] = {"table", "none", "oodin"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name != NULL ? name : names[0], names[i]) == 0) {
            *ret_by = (enum clv_manages_by)i;
            return CLEAVE_OK;
        }
    }
    return clv_fail(err, CLEAVE_INVALID, "manager",
                    "There is no manager '%.40s'; there are table, none and "
                    "oodin.",
                    name);
}

static cleave_status begin(cleave_ensemble *e, const cleave_ensemble_options *o,
                           cleave_error *err)
{
    struct clv_state calm = clv_manager_calm(e->switching);
    struct clv_conditions c =
        e->blueprint->options.product.situation.conditions;
    cleave_status status = find_manager(o->manager, &e->by, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_manager_init(&e->manager, e->switching, &calm);
    e->status.design = e->manager.design;
    e->status.designs = e->switching->kept_count;
    e->lineup = clv_reckon_kept(e, e->manager.design);
    if (e->by == CLV_MANAGES_BY_OODIN) {
        status = clv_resolve(e, &calm, &c, &e->lineup, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_gauges_open(o->machine, &e->gauges, err);
    }
    if (status == CLEAVE_OK) {
        status = open_members(e, o, err);
    }
    return status == CLEAVE_OK ? clv_managing_start(e, err) : status;
}

static void init_locks(cleave_ensemble *e)
{
    pthread_condattr_t attributes;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    clv_turns_init(&e->turns, cores > 0 ? (unsigned)cores : 1);
    pthread_mutex_init(&e->telling, NULL);
    pthread_mutex_init(&e->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&e->stirred, &attributes);
    pthread_condattr_destroy(&attributes);
}

cleave_status clv_ensemble_open(const struct clv_blueprint *blueprint,
                                struct clv_switching *switching,
                                const cleave_ensemble_options *options,
                                cleave_ensemble **ret_ensemble,
                                cleave_error *err)
{
    cleave_ensemble *e = calloc(1, sizeof *e);
    cleave_status status;

    if (e == NULL) {
        clv_switching_free(switching);
        return clv_fail_memory(err, "ensemble", sizeof *e);
    }
    e->clock = clv_clock_machine();
    e->opened_ns = clv_clock_now_ns(e->clock);
    e->blueprint = blueprint;
    e->switching = switching;
    e->on_event = options->on_event;
    e->event_self = options->event_self;
    init_locks(e);
    status = begin(e, options, err);
    if (status != CLEAVE_OK) {
        cleave_ensemble_close(e);
        return status;
    }
    note(e, NULL, blueprint->note);
    *ret_ensemble = e;
    return CLEAVE_OK;
}

static cleave_status check_options(const cleave_ensemble_options *o,
                                   cleave_error *err)
{
    const char *missing = o->application == NULL ? "application file"
                          : o->database == NULL  ? "profile database"
                          : o->cache == NULL     ? "cache folder"
                                                 : NULL;
    enum clv_manages_by by;

    return missing == NULL ? find_manager(o->manager, &by, err)
                           : clv_fail(err, CLEAVE_INVALID, "ensemble",
                                      "The options need a %s.", missing);
}

cleave_status cleave_ensemble_open(const cleave_ensemble_options *options,
                                   cleave_ensemble **ret_ensemble,
                                   cleave_error *err)
{
    struct clv_application *application = NULL;
    struct clv_blueprint *blueprint = NULL;
    struct clv_switching *switching = NULL;
    cleave_ensemble *e = NULL;
    char obstacle[CLV_ENSEMBLE_NOTICE] = "";
    cleave_status status = check_options(options, err);

    if (status == CLEAVE_OK) {
        status = clv_application_read(options->application, &application, err);
    }
    if (status == CLEAVE_OK) {
        status =
            clv_blueprint_load(application, options->database, &blueprint, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_settling_table(blueprint, &switching, obstacle, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_ensemble_open(blueprint, switching, options, &e, err);
    }
    if (status != CLEAVE_OK) {
        clv_blueprint_free(blueprint);
        clv_application_free(application);
        return status;
    }
    e->own_blueprint = blueprint;
    e->application = application;
    note(e, NULL, obstacle);
    *ret_ensemble = e;
    return CLEAVE_OK;
}

void cleave_ensemble_close(cleave_ensemble *e)
{
    if (e == NULL) {
        return;
    }
    clv_managing_stop(e);
    for (size_t i = 0; i < e->count; i++) {
        clv_runner_end(e->members[i].runner);
    }
    while (e->count > 0) {
        cleave_runner_close(e->members[--e->count].runner);
    }
    clv_gauges_close(e->gauges);
    clv_turns_fini(&e->turns);
    clv_switching_free(e->switching);
    clv_blueprint_free(e->own_blueprint);
    clv_application_free(e->application);
    pthread_cond_destroy(&e->stirred);
    pthread_mutex_destroy(&e->lock);
    pthread_mutex_destroy(&e->telling);
    free(e);
}

/* -- What others ask -- */

const char *cleave_ensemble_notice(const cleave_ensemble *ensemble)
{
    return ensemble->notice[0] != '\0' ? ensemble->notice : NULL;
}

size_t cleave_ensemble_count(const cleave_ensemble *ensemble)
{
    return ensemble->count;
}

const char *cleave_ensemble_name(const cleave_ensemble *ensemble, size_t task)
{
    return ensemble->blueprint->task_names[task];
}

cleave_runner *cleave_ensemble_runner(cleave_ensemble *ensemble, size_t task)
{
    return ensemble->members[task].runner;
}

void cleave_ensemble_look(cleave_ensemble *ensemble,
                          cleave_ensemble_status *ret_status)
{
    pthread_mutex_lock(&ensemble->lock);
    *ret_status = ensemble->status;
    pthread_mutex_unlock(&ensemble->lock);
}
