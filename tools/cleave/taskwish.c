/*
 * taskwish.c - what the command line says of one task of several.
 *
 * What it says goes before what the application file says.
 */
#include "taskwish.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/fail.h"
#include "base/suggest.h"

/* In a hundred years; what is due later never comes. */
#define NEVER_NS 4e18

/* The length of the task's name that a wish begins with; 0: for all. */
static size_t name_length(const char *wish)
{
    size_t length = strcspn(wish, "=/");

    return wish[length] == '=' ? length : 0;
}

static int is_for(const char *wish, const char *task)
{
    size_t length = name_length(wish);

    return length > 0 && strlen(task) == length &&
           strncmp(wish, task, length) == 0;
}

static const char *task_at(const void *list, size_t index)
{
    const struct clv_application *application = list;

    return application->tasks[index].name;
}

static cleave_status check_one(const struct clv_application *a,
                               const char *flag, const char *wish,
                               cleave_error *err)
{
    char near[200];

    if (name_length(wish) == 0) {
        return CLEAVE_OK;
    }
    for (size_t i = 0; i < a->task_count; i++) {
        if (is_for(wish, a->tasks[i].name)) {
            return CLEAVE_OK;
        }
    }
    clv_suggest(wish, a, a->task_count, task_at, near, sizeof near);
    return clv_fail(err, CLEAVE_INVALID, flag,
                    "'%.100s': the application has no task of this name%s%s.%s",
                    wish, near[0] ? "; near it: " : "", near,
                    strcmp(flag, "--rate") == 0
                        ? ""
                        : " Write ./ before a path with '=' in it.");
}

static cleave_status know_all(const struct clv_application *a, const char *flag,
                              const char *const *wishes, size_t count,
                              cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = check_one(a, flag, wishes[i], err);
    }
    return status;
}

cleave_status taskwish_know(const struct settings *s,
                            const struct clv_application *application,
                            cleave_error *err)
{
    cleave_status status =
        know_all(application, "--input", s->inputs, s->input_count, err);

    if (status == CLEAVE_OK && s->rest_count > 1) {
        status = know_all(application, "arguments", s->rest + 1,
                          s->rest_count - 1, err);
    }
    if (status == CLEAVE_OK) {
        status = know_all(application, "--rate", s->paces, s->pace_count, err);
    }
    return status;
}

/* Those of the task's own, or else those for every task, into `ret_values`,
   which has room for `count`. */
static size_t find(const char *task, const char *const *wishes, size_t count,
                   const char **ret_values)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_for(wishes[i], task)) {
            ret_values[found++] = wishes[i] + name_length(wishes[i]) + 1;
        }
    }
    for (size_t i = 0, own = found; own == 0 && i < count; i++) {
        if (name_length(wishes[i]) == 0) {
            ret_values[found++] = wishes[i];
        }
    }
    return found;
}

/* -- Inputs -- */

/* `wishes` and `paths` have room for all. */
static cleave_status feed_of(const struct settings *s,
                             const struct clv_app_task *task,
                             const char **wishes, const char **paths,
                             struct clv_feed *feed, cleave_error *err)
{
    size_t wished = 0;
    size_t count;

    for (size_t i = 0; i < s->input_count; i++) {
        wishes[wished++] = s->inputs[i];
    }
    for (size_t i = 1; i < s->rest_count; i++) {
        wishes[wished++] = s->rest[i];
    }
    count = find(task->name, wishes, wished, paths);
    if (count == 0 && task->input != NULL) {
        paths[count++] = task->input;
    }
    if (count == 0) {
        return clv_fail(err, CLEAVE_INVALID, task->name,
                        "Say what to run this task on: --input %s=FILE or "
                        "DIR, or the key `input` in the application.",
                        task->name);
    }
    return clv_feed_init(feed, paths, count, err);
}

cleave_status taskwish_feed(const struct settings *s,
                            const struct clv_app_task *task,
                            struct clv_feed *feed, cleave_error *err)
{
    size_t most = s->input_count + s->rest_count + 1;
    const char **wishes = calloc(2 * most, sizeof *wishes);
    cleave_status status;

    if (wishes == NULL) {
        return clv_fail_memory(err, "run", 2 * most * sizeof *wishes);
    }
    status = feed_of(s, task, wishes, wishes + most, feed, err);
    free(wishes);
    return status;
}

/* -- Rates -- */

static cleave_status read_rate(const char *text, double *ret_rate,
                               cleave_error *err)
{
    double rate = 0;
    const char *end = clv_decimal_read(text, &rate);

    if (end == NULL || rate <= 0 || (*end != '\0' && strcmp(end, "/s") != 0)) {
        return clv_fail(err, CLEAVE_INVALID, "--rate",
                        "'%.60s' is no number of inferences a second, for "
                        "example 20.",
                        text);
    }
    *ret_rate = rate;
    return CLEAVE_OK;
}

cleave_status taskwish_check(const struct settings *s, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < s->pace_count; i++) {
        const char *wish = s->paces[i];
        size_t length = name_length(wish);
        double rate;
        status = read_rate(length > 0 ? wish + length + 1 : wish, &rate, err);
    }
    return status;
}

cleave_status taskwish_rate(const struct settings *s,
                            const struct clv_app_task *task, double *ret_rate,
                            cleave_error *err)
{
    const char **values = calloc(s->pace_count + 1, sizeof *values);
    cleave_status status = CLEAVE_OK;
    size_t count;

    if (values == NULL) {
        return clv_fail_memory(err, "run", s->pace_count * sizeof *values);
    }
    *ret_rate = task->rate_per_s;
    count = find(task->name, s->paces, s->pace_count, values);
    if (count > 0) {
        status = read_rate(values[count - 1], ret_rate, err);
    }
    free(values);
    return status;
}

int64_t taskwish_due_ns(double rate, uint64_t turn)
{
    double ns = rate > 0 ? 1e9 * (double)turn / rate : 0;

    return ns < NEVER_NS ? (int64_t)ns : (int64_t)NEVER_NS;
}
