/*
 * application.c - from a YAML file to struct clv_application.
 *
 * The schema (appschema.c) has checked keys and kinds of values. Here texts
 * become numbers, through the parsers of plan/, which also know what makes
 * sense, and what must be unique is proven so. Tasks, the larger half, are
 * read in apptask.c.
 */
#include "run/application.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/document.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/suggest.h"
#include "engine/name.h"
#include "engine/roster.h"
#include "plan/switching.h"
#include "run/appslo.h"
#include "run/apptask.h"
#include "run/spot.h"

#define WATTS_MOST 1e4
#define ENGINE_TEXT 128
#define KEPT_MOST CLV_TABLE_DESIGNS

/* -- Tasks and engines -- */

static cleave_status set_tasks(struct clv_application *a,
                               const struct clv_spot *s, const char *file,
                               const struct clv_raw_application *raw)
{
    cleave_status status = CLEAVE_OK;

    a->tasks = calloc(raw->tasks_count, sizeof *a->tasks);
    if (a->tasks == NULL) {
        return clv_fail_memory(s->err, NULL, sizeof *a->tasks);
    }
    for (uint32_t i = 0; status == CLEAVE_OK && i < raw->tasks_count; i++) {
        struct clv_spot at = clv_spot_in(s, "tasks[%u]", i);
        status = clv_apptask_set(a, &at, file, &raw->tasks[i]);
    }
    return status;
}

static int has_engine(const struct clv_application *a, const char *name)
{
    int found = 0;

    for (size_t i = 0; i < a->engine_count; i++) {
        found |= strcmp(a->engines[i], name) == 0;
    }
    return found;
}

/* Two texts may mean the same engine on this machine ("cpu" has all cores);
   then it is taken once. */
static cleave_status set_engine(struct clv_application *a,
                                const struct clv_spot *s, const char *text)
{
    struct clv_engine_name name;
    char full[ENGINE_TEXT];
    cleave_error inner = CLEAVE_ERROR_INIT;
    cleave_status status;

    if (clv_engine_name_parse(text, &name, &inner) != CLEAVE_OK) {
        return clv_spot_pass_on(s, &inner);
    }
    clv_engine_name_print(&name, full, sizeof full);
    if (has_engine(a, full)) {
        return CLEAVE_OK;
    }
    status = clv_spot_copy(s, full, &a->engines[a->engine_count]);
    a->engine_count += status == CLEAVE_OK ? 1 : 0;
    return status;
}

/* `auto`: every engine that this machine has. */
static cleave_status set_found_engines(struct clv_application *a,
                                       const struct clv_spot *s)
{
    struct clv_roster *roster = malloc(sizeof *roster);
    cleave_status status = roster != NULL
                               ? clv_roster_take(0, roster, s->err)
                               : clv_fail_memory(s->err, NULL, sizeof *roster);

    for (size_t i = 0; status == CLEAVE_OK && i < roster->offer_count; i++) {
        if (roster->offers[i].is_open) {
            status = set_engine(a, s, roster->offers[i].name);
        }
    }
    free(roster);
    return status;
}

static cleave_status set_engines(struct clv_application *a,
                                 const struct clv_spot *s,
                                 const struct clv_raw_application *raw)
{
    cleave_status status = CLEAVE_OK;

    a->engines = calloc((size_t)raw->engines_count + 1 + CLV_ROSTER_OFFERS,
                        sizeof *a->engines);
    if (a->engines == NULL) {
        return clv_fail_memory(s->err, NULL, sizeof *a->engines);
    }
    for (uint32_t i = 0; status == CLEAVE_OK && i < raw->engines_count; i++) {
        struct clv_spot at = clv_spot_in(s, "engines[%u]", i);
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(raw->engines[k], raw->engines[i]) == 0) {
                return clv_spot_refuse(
                    &at, "The engine '%s' stands here twice.", raw->engines[i]);
            }
        }
        status = strcmp(raw->engines[i], "auto") == 0
                     ? set_found_engines(a, &at)
                     : set_engine(a, &at, raw->engines[i]);
    }
    if (status == CLEAVE_OK && a->engine_count == 0) {
        status = set_engine(a, s, "cpu");
    }
    return status;
}

/* -- Servers -- */

static int is_url(const char *url)
{
    const char *host = NULL;

    if (strncasecmp(url, "http://", 7) == 0) {
        host = url + 7;
    } else if (strncasecmp(url, "https://", 8) == 0) {
        host = url + 8;
    }
    return host != NULL && host[0] != '\0' && host[0] != '/' &&
           host[strcspn(host, " \t\r\n?#")] == '\0';
}

static cleave_status check_server(const struct clv_spot *s,
                                  const struct clv_application *a,
                                  const struct clv_app_server *server)
{
    if (!is_url(server->url)) {
        return clv_spot_refuse(
            s,
            "'%.200s' is not a server's address; write for example "
            "http://192.168.1.2:8700.",
            server->url);
    }
    if (server->priority < 1) {
        return clv_spot_refuse(s, "A priority is 1 or more; 1 is asked first.");
    }
    for (size_t i = 0; i < a->server_count; i++) {
        const struct clv_app_server *other = &a->servers[i];
        if (other == server) {
            continue;
        }
        if (strcasecmp(other->url, server->url) == 0) {
            return clv_spot_refuse(s, "The server %.200s stands here twice.",
                                   server->url);
        }
        if (strcmp(other->name, server->name) == 0) {
            return clv_spot_refuse(s, "Another server is called '%.100s', too.",
                                   server->name);
        }
    }
    return CLEAVE_OK;
}

static cleave_status set_server(struct clv_application *a,
                                const struct clv_spot *s,
                                const struct clv_raw_server *raw)
{
    struct clv_app_server *server = &a->servers[a->server_count];
    int place = (int)++a->server_count;
    cleave_status status = clv_spot_copy(s, raw->url, &server->url);

    if (status == CLEAVE_OK) {
        size_t length = strlen(server->url);
        while (length > 8 && server->url[length - 1] == '/') {
            server->url[--length] = '\0';
        }
        status = clv_spot_copy(s, raw->name != NULL ? raw->name : server->url,
                               &server->name);
    }
    server->priority = raw->priority != NULL ? *raw->priority : place;
    if (status == CLEAVE_OK) {
        status = check_server(s, a, server);
    }
    return status;
}

/* By priority; of the same one, as they stand in the file. */
static void sort_servers(struct clv_application *a)
{
    for (size_t i = 1; i < a->server_count; i++) {
        struct clv_app_server moved = a->servers[i];
        size_t k = i;
        for (; k > 0 && a->servers[k - 1].priority > moved.priority; k--) {
            a->servers[k] = a->servers[k - 1];
        }
        a->servers[k] = moved;
    }
}

static cleave_status set_servers(struct clv_application *a,
                                 const struct clv_spot *s,
                                 const struct clv_raw_application *raw)
{
    cleave_status status = CLEAVE_OK;

    a->servers = calloc((size_t)raw->servers_count + 1, sizeof *a->servers);
    if (a->servers == NULL) {
        return clv_fail_memory(s->err, NULL, sizeof *a->servers);
    }
    for (uint32_t i = 0; status == CLEAVE_OK && i < raw->servers_count; i++) {
        struct clv_spot at = clv_spot_in(s, "servers[%u]", i);
        status = set_server(a, &at, &raw->servers[i]);
    }
    sort_servers(a);
    return status;
}

/* -- The whole -- */

/* "4W", "250mW". */
static cleave_status set_watts(const struct clv_spot *power, const char *key,
                               const char *text, double *ret_watts)
{
    struct clv_spot s = clv_spot_in(power, ".%s", key);
    cleave_error inner = CLEAVE_ERROR_INIT;
    char joules[CLV_MEASURE_TEXT];
    size_t length = text != NULL ? strlen(text) : 0;
    double value;

    if (text == NULL) {
        return CLEAVE_OK;
    }
    /* Watts are joules a second, and read like them. */
    snprintf(joules, sizeof joules, "%.40sJ", text);
    if (length >= 2 && length < 40 && text[length - 1] == 'W') {
        joules[length - 1] = 'J';
        joules[length] = '\0';
        if (clv_value_parse(joules, CLV_UNIT_ENERGY, &value, &inner) ==
                CLEAVE_OK &&
            value <= WATTS_MOST) {
            *ret_watts = value;
            return CLEAVE_OK;
        }
    }
    return clv_spot_refuse(
        &s,
        "'%.40s' is not a power; write watts, for example 2.5W or "
        "300mW, up to 10 kW.",
        text);
}

static cleave_status set_power(struct clv_application *a,
                               const struct clv_spot *s,
                               const struct clv_raw_power *raw)
{
    struct clv_spot at = clv_spot_in(s, "power");
    cleave_status status = CLEAVE_OK;

    a->power = (struct clv_power){CLV_UNKNOWN, CLV_UNKNOWN, CLV_UNKNOWN};
    if (raw != NULL) {
        status = set_watts(&at, "compute", raw->compute, &a->power.compute_w);
    }
    if (raw != NULL && status == CLEAVE_OK) {
        status = set_watts(&at, "send", raw->send, &a->power.send_w);
    }
    if (raw != NULL && status == CLEAVE_OK) {
        status = set_watts(&at, "wait", raw->wait, &a->power.wait_w);
    }
    return status;
}

/* What is wanted of all tasks together. */
static cleave_status set_whole(struct clv_application *a,
                               const struct clv_spot *s,
                               const struct clv_raw_application *raw)
{
    struct clv_spot kept = clv_spot_in(s, "kept");
    cleave_status status;

    a->slo = (struct clv_slo){.tolerance = clv_slo_default().tolerance};
    if (raw->kept != NULL && (*raw->kept < 1 || *raw->kept > KEPT_MOST)) {
        return clv_spot_refuse(&kept, "From 1 to %d designs can be kept.",
                               KEPT_MOST);
    }
    a->kept = raw->kept != NULL ? (uint32_t)*raw->kept : 0;
    status = clv_appslo_objectives(s, raw->objectives, raw->objectives_count,
                                   &a->slo, CLV_OF_ALL_TASKS);
    return status == CLEAVE_OK
               ? clv_appslo_constraints(s, raw->constraints,
                                        raw->constraints_count, &a->slo,
                                        CLV_OF_ALL_TASKS)
               : status;
}

static cleave_status set_application(struct clv_application *a,
                                     const struct clv_document *document,
                                     const char *path, cleave_error *err)
{
    const struct clv_raw_application *raw = clv_document_data(document);
    struct clv_spot s = {.document = document, .err = err};
    cleave_status status = set_tasks(a, &s, path, raw);

    if (status == CLEAVE_OK) {
        status = set_engines(a, &s, raw);
    }
    if (status == CLEAVE_OK) {
        status = set_servers(a, &s, raw);
    }
    if (status == CLEAVE_OK) {
        status = set_power(a, &s, raw->power);
    }
    if (status == CLEAVE_OK) {
        status = set_whole(a, &s, raw);
    }
    return status;
}

cleave_status clv_application_new(clv_bytes bytes, const char *path,
                                  struct clv_application **ret_application,
                                  cleave_error *err)
{
    struct clv_document *document = NULL;
    struct clv_application *a = calloc(1, sizeof *a);
    cleave_status status;

    if (a == NULL) {
        return clv_fail_memory(err, path, sizeof *a);
    }
    status = clv_document_new(bytes, path, &clv_appschema, &document, err);
    if (status == CLEAVE_OK) {
        status = set_application(a, document, path, err);
    }
    clv_document_free(document);
    if (status != CLEAVE_OK) {
        clv_application_free(a);
        return status;
    }
    *ret_application = a;
    return CLEAVE_OK;
}

cleave_status clv_application_read(const char *path,
                                   struct clv_application **ret_application,
                                   cleave_error *err)
{
    struct clv_buffer b;
    cleave_status status;

    clv_buffer_init(&b, CLV_DOCUMENT_BYTES);
    status = clv_file_read(path, CLV_DOCUMENT_BYTES, &b, err);
    if (status == CLEAVE_OK) {
        status = clv_application_new(clv_buffer_bytes(&b), path,
                                     ret_application, err);
    }
    clv_buffer_fini(&b);
    return status;
}

static void free_task(struct clv_app_task *task)
{
    for (size_t i = 0; i < task->variant_count; i++) {
        free(task->variants[i].name);
        free(task->variants[i].path);
        free(task->variants[i].card);
    }
    free(task->variants);
    free(task->input);
    free(task->labels);
    free(task->name);
}

void clv_application_free(struct clv_application *application)
{
    if (application == NULL) {
        return;
    }
    for (size_t i = 0; i < application->task_count; i++) {
        free_task(&application->tasks[i]);
    }
    for (size_t i = 0; i < application->engine_count; i++) {
        free(application->engines[i]);
    }
    for (size_t i = 0; i < application->server_count; i++) {
        free(application->servers[i].url);
        free(application->servers[i].name);
    }
    free(application->tasks);
    free(application->engines);
    free(application->servers);
    free(application);
}

static const char *task_at(const void *list, size_t index)
{
    const struct clv_application *a = list;

    return a->tasks[index].name;
}

/* "'scene', 'faces'"; cut when there is no more room. */
static void list_tasks(const struct clv_application *a, char *into, size_t size)
{
    size_t used = 0;

    into[0] = '\0';
    for (size_t i = 0; i < a->task_count && used + 1 < size; i++) {
        int n = snprintf(into + used, size - used, "%s'%s'", i > 0 ? ", " : "",
                         a->tasks[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
}

cleave_status clv_application_task(const struct clv_application *application,
                                   const char *name,
                                   const struct clv_app_task **ret_task,
                                   cleave_error *err)
{
    char names[300];
    char near[128];

    for (size_t i = 0; name != NULL && i < application->task_count; i++) {
        if (strcmp(application->tasks[i].name, name) == 0) {
            *ret_task = &application->tasks[i];
            return CLEAVE_OK;
        }
    }
    list_tasks(application, names, sizeof names);
    if (name == NULL && application->task_count > 1) {
        return clv_fail(err, CLEAVE_NOT_FOUND, "--task",
                        "There are several tasks; say which one of %s.", names);
    }
    if (name == NULL) {
        *ret_task = &application->tasks[0];
        return CLEAVE_OK;
    }
    clv_suggest(name, application, application->task_count, task_at, near,
                sizeof near);
    return clv_fail(err, CLEAVE_NOT_FOUND, name,
                    "There is no such task.%s%s%s There are: %s.",
                    near[0] ? " Near it: " : "", near, near[0] ? "." : "",
                    names);
}
