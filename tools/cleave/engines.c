/*
 * engines.c - `cleave engines`: what this machine offers to compute with.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "command.h"
#include "engine/roster.h"
#include "profile/machine.h"
#include "report.h"

static cleave_status check(const struct settings *settings, cleave_error *err)
{
    return settings->rest_count == 0
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_INVALID, "arguments",
                          "This command takes none, %zu were given.",
                          settings->rest_count);
}

static const char *identity_of(const struct clv_roster *r)
{
    for (size_t i = 0; i < r->offer_count; i++) {
        if (r->offers[i].is_open) {
            return r->offers[i].identity;
        }
    }
    return "";
}

/* -- For programs -- */

static json_t *describe_providers(const struct clv_roster *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->provider_count; i++) {
        const struct clv_offered_provider *p = &r->providers[i];
        json_array_append_new(
            list, json_pack("{s:s, s:o}", "name", p->name, "engine",
                            p->engine[0] != '\0' ? json_string(p->engine)
                                                 : json_null()));
    }
    return list;
}

static json_t *describe_offers(const struct clv_roster *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->offer_count; i++) {
        const struct clv_offered_engine *e = &r->offers[i];
        json_t *object =
            json_pack("{s:s, s:b}", "name", e->name, "opens", e->is_open);
        if (e->is_open) {
            json_object_set_new(object, "full_name", json_string(e->full));
            json_object_set_new(object, "identity", report_text(e->identity));
        } else {
            json_object_set_new(object, "why", report_text(e->why));
        }
        json_array_append_new(list, object);
    }
    return list;
}

static cleave_status write_json(const struct clv_machine *m,
                                const struct clv_roster *r, cleave_error *err)
{
    json_t *devices = json_array();
    json_t *object;
    char *text;

    for (size_t i = 0; i < r->device_count; i++) {
        json_array_append_new(devices, json_string(r->devices[i]));
    }
    object = json_pack(
        "{s:o, s:I, s:I, s:s, s:s, s:o, s:o, s:o, s:o}", "processor",
        report_text(m->processor), "cores", (json_int_t)m->cores,
        "memory_bytes", (json_int_t)m->memory_bytes, "system", m->system,
        "runtime", r->runtime, "identity", report_text(identity_of(r)),
        "providers", describe_providers(r), "accelerators", devices, "engines",
        describe_offers(r));
    text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (text == NULL) {
        return clv_fail(err, CLEAVE_MEMORY, "engines",
                        "No memory for the answer.");
    }
    puts(text);
    free(text);
    return CLEAVE_OK;
}

/* -- For people -- */

static void print_engines(const struct clv_roster *r)
{
    printf("\nengines, as in --engine and in an application's `engines`:\n");
    for (size_t i = 0; i < r->offer_count; i++) {
        const struct clv_offered_engine *e = &r->offers[i];
        if (e->is_open) {
            printf("  %s\n", e->name);
        }
    }
    for (size_t i = 0; i < r->offer_count; i++) {
        const struct clv_offered_engine *e = &r->offers[i];
        if (!e->is_open) {
            printf("\n%s does not open: %s\n", e->name, e->why);
        }
    }
}

static void print_all(const struct clv_machine *m, const struct clv_roster *r)
{
    printf("processor     %s, %u core%s\n", m->processor, m->cores,
           m->cores == 1 ? "" : "s");
    printf("memory        %.1f GiB\n",
           (double)m->memory_bytes / (1024.0 * 1024 * 1024));
    printf("system        %s\n", m->system);
    printf("runtime       %s\n", r->runtime);
    printf("identity      %s\n", identity_of(r));
    printf("providers    ");
    for (size_t i = 0; i < r->provider_count; i++) {
        const struct clv_offered_provider *p = &r->providers[i];
        printf(" %s (%s)%s", p->name,
               p->engine[0] != '\0' ? p->engine : "no engine",
               i + 1 < r->provider_count ? "," : "");
    }
    printf("\naccelerators ");
    for (size_t i = 0; i < r->device_count; i++) {
        printf(" %s", r->devices[i]);
    }
    printf("%s\n", r->device_count == 0 ? " none found" : "");
    print_engines(r);
}

static cleave_status engines(const struct settings *s, cleave_error *err)
{
    struct clv_machine machine;
    struct clv_roster *roster = malloc(sizeof *roster);
    cleave_status status;

    if (roster == NULL) {
        return clv_fail_memory(err, "engines", sizeof *roster);
    }
    clv_machine_look(&machine);
    status = clv_roster_take(0, roster, err);
    if (status == CLEAVE_OK && s->json) {
        status = write_json(&machine, roster, err);
    } else if (status == CLEAVE_OK) {
        print_all(&machine, roster);
    }
    free(roster);
    return status;
}

const struct command command_engines = {
    .name = "engines",
    .taker = TAKES_ENGINES,
    .usage = "[OPTION...]",
    .summary = "list what this machine can compute with",
    .text =
        "The processor, what ONNX Runtime has compiled in, and the names of\n"
        "engines worth measuring. Each was opened in trial; of one that did\n"
        "not open it is told why. An application file takes all that open\n"
        "with `engines: [auto]`.\n"
        "\nexamples:\n"
        "  cleave engines\n"
        "  cleave engines --json | jq -r '.engines[] | select(.opens).name'\n",
    .check = check,
    .run = engines,
};
