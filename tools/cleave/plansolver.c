/*
 * plansolver.c - `cleave plan --solver`: all tasks decided together.
 *
 *     rass     what is kept ready, and the table from states to it
 *     another  the one design that it would run, beside RASS's
 *     all      every solver's design, by RASS's yardstick
 *
 * The flags tell one moment, and by default that is the calm one: an idle
 * device, fast links. The table has links of all classes whatever they say.
 */
#include "plansolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/fail.h"
#include "decision.h"
#include "gnuplot.h"

static int is_all(const struct settings *s)
{
    return strcmp(s->solver, "all") == 0;
}

static int is_rass(const struct settings *s)
{
    return strcmp(s->solver, "rass") == 0;
}

/* -- The command line -- */

static cleave_status parse_share(const struct settings *s, double *ret_share,
                                 cleave_error *err)
{
    double share = 0;
    const char *end =
        s->share != NULL ? clv_decimal_read(s->share, &share) : NULL;

    if (s->share == NULL) {
        return CLEAVE_OK;
    }
    if (end != NULL && strcmp(end, "%") == 0) {
        share /= 100;
        end++;
    }
    if (end == NULL || *end != '\0' || !(share > 0 && share <= 1)) {
        return clv_fail(err, CLEAVE_INVALID, "--share",
                        "'%.100s' is not a share such as 0.98 or 98%%.",
                        s->share);
    }
    *ret_share = share;
    return CLEAVE_OK;
}

static cleave_status refuse(const char *flag, const char *why,
                            cleave_error *err)
{
    return clv_fail(err, CLEAVE_INVALID, flag, "%s", why);
}

static cleave_status check_others(const struct settings *s, cleave_error *err)
{
    if (s->policy != NULL) {
        return refuse("--policy",
                      "Policies decide one task, --solver all of them: leave "
                      "one of the two out.",
                      err);
    }
    if (s->task != NULL) {
        return refuse("--task",
                      "--solver decides all tasks together: leave one of the "
                      "two out.",
                      err);
    }
    if (strcmp(s->solver, "transferred") == 0 && s->elsewhere == NULL) {
        return refuse("--elsewhere",
                      "'transferred' takes what is best on another machine: "
                      "say where that one's profile is.",
                      err);
    }
    if (s->plot != NULL && !is_rass(s)) {
        return refuse("--plot", "Only --solver rass draws a plot.", err);
    }
    return CLEAVE_OK;
}

cleave_status plansolver_check(const struct settings *settings,
                               cleave_error *err)
{
    const struct clv_solver *solver;
    struct clv_conditions conditions;
    double share;
    cleave_status status = decision_check(settings, err);

    if (status == CLEAVE_OK && !is_all(settings)) {
        status = clv_solver_find(settings->solver, &solver, err);
    }
    if (status == CLEAVE_OK) {
        status = check_others(settings, err);
    }
    if (status == CLEAVE_OK) {
        status = parse_share(settings, &share, err);
    }
    if (status == CLEAVE_OK) {
        status = decision_conditions(settings, 1, &conditions, err);
    }
    return status;
}

/* -- Loading -- */

/* The flags' conditions; links that they do not tell are fast ones. */
static cleave_status set_conditions(struct plansolver *p, cleave_error *err)
{
    const struct settings *s = p->settings;
    size_t servers = p->application->server_count;
    struct clv_conditions c;
    struct clv_reach fast = {.is_up = 1};
    cleave_status status = decision_conditions(s, servers, &c, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_link_class_set(&fast, CLV_LINK_FAST);
    for (size_t i = 0; i < servers && i < CLV_SERVERS; i++) {
        if (s->bandwidth == NULL) {
            c.reach[i].up_bps = fast.up_bps;
        }
        if (s->bandwidth == NULL && s->down_bandwidth == NULL) {
            c.reach[i].down_bps = fast.down_bps;
        }
        if (s->rtt == NULL) {
            c.reach[i].rtt_ns = fast.rtt_ns;
        }
    }
    p->options = p->blueprint->options;
    p->options.product.situation.conditions = c;
    if (s->kept > 0) {
        p->options.most = s->kept;
    }
    return parse_share(s, &p->options.share, err);
}

static void tell(const char *path, const char *note)
{
    if (note[0] != '\0') {
        fprintf(stderr, "cleave: %s: %s\n", path, note);
    }
}

static cleave_status load_elsewhere(struct plansolver *p, cleave_error *err)
{
    struct clv_product_options options;
    cleave_status status = clv_blueprint_load_elsewhere(
        p->application, p->settings->elsewhere, &p->elsewhere, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    tell(p->settings->elsewhere, p->elsewhere->note);
    options = p->elsewhere->options.product;
    options.situation = p->options.product.situation;
    return clv_product_new(&options, &p->elsewhere_product, err);
}

static cleave_status load(struct plansolver *p, cleave_error *err)
{
    const struct settings *s = p->settings;
    cleave_status status =
        clv_application_read(s->rest[0], &p->application, err);

    if (status == CLEAVE_OK) {
        status = clv_blueprint_load(p->application, s->db, &p->blueprint, err);
    }
    if (status == CLEAVE_OK) {
        tell(s->db, p->blueprint->note);
        status = set_conditions(p, err);
    }
    if (status == CLEAVE_OK && s->elsewhere != NULL) {
        status = load_elsewhere(p, err);
    }
    return status;
}

/* -- Solving -- */

static cleave_status solve_now(struct plansolver *p, cleave_error *err)
{
    const struct clv_product_options *o = &p->options.product;
    cleave_error why = CLEAVE_ERROR_INIT;
    cleave_status status =
        clv_outlook_init(&p->now, o, &o->situation, &why, err);

    if (status == CLEAVE_OK && !p->now.is_feasible && p->settings->json) {
        status = solverjson_obstacle(p, &why, err);
    }
    if (status == CLEAVE_OK && !p->now.is_feasible) {
        status = clv_fail(err, CLEAVE_NOT_FOUND, why.where, "%s", why.text);
    }
    return status;
}

/* The state of the flags' moment: links by their class. */
static void find_state(struct plansolver *p)
{
    const struct clv_conditions *c = &p->options.product.situation.conditions;
    struct clv_state state = {0};

    for (size_t i = 0; i < p->switching->servers; i++) {
        state.link[i] = (uint8_t)clv_link_class_of(&c->reach[i]);
    }
    p->state = clv_state_number(p->switching, &state);
}

static cleave_status run_solver(struct plansolver *p,
                                const struct clv_solver *solver,
                                cleave_error *err)
{
    struct clv_solver_input input = {p->now.product, p->elsewhere_product};
    struct plansolver_row *row = &p->rows[p->row_count];
    cleave_error inner = CLEAVE_ERROR_INIT;
    cleave_status status =
        clv_solver_run(solver, &input, &p->now.rass, &row->solution, &inner);

    row->solver = solver;
    if (status == CLEAVE_UNSUPPORTED || status == CLEAVE_NOT_FOUND) {
        snprintf(row->lacks, sizeof row->lacks, "%.250s",
                 p->elsewhere == NULL && status == CLEAVE_UNSUPPORTED
                     ? "needs --elsewhere, another machine's profile"
                     : inner.text);
        status = CLEAVE_OK;
    }
    if (status != CLEAVE_OK) {
        return clv_fail(err, status, inner.where, "%.250s", inner.text);
    }
    p->row_count++;
    return CLEAVE_OK;
}

/* RASS's row first, whatever was asked for. */
static cleave_status run_solvers(struct plansolver *p, cleave_error *err)
{
    size_t count = 0;
    const struct clv_solver *solvers = clv_solvers(&count);
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0;
         status == CLEAVE_OK && i < count && p->row_count < PLANSOLVER_ROWS;
         i++) {
        if (is_all(p->settings) || strcmp(solvers[i].name, "rass") == 0 ||
            strcmp(solvers[i].name, p->settings->solver) == 0) {
            status = run_solver(p, &solvers[i], err);
        }
    }
    return status;
}

static cleave_status solve(struct plansolver *p, cleave_error *err)
{
    cleave_status status = solve_now(p, err);

    if (status == CLEAVE_OK && is_rass(p->settings)) {
        status = clv_switching_new(&p->options, &p->switching, err);
        if (status == CLEAVE_OK) {
            find_state(p);
        }
    }
    if (status == CLEAVE_OK) {
        status = run_solvers(p, err);
    }
    if (status == CLEAVE_OK && p->settings->explain) {
        solverrivals_find(p);
    }
    return status;
}

/* -- Telling -- */

static cleave_status print(struct plansolver *p, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    if (p->settings->json) {
        status = solverjson_print(p, err);
    } else if (p->switching != NULL) {
        status = solvertext_plan(p, err);
    } else {
        solvertext_rows(p);
    }
    if (status == CLEAVE_OK && p->settings->plot != NULL) {
        status = solverplot_draw(p, p->settings->plot, err);
    }
    return status;
}

cleave_status plansolver_run(const struct settings *settings, cleave_error *err)
{
    struct plansolver p = {.settings = settings};
    cleave_status status = CLEAVE_OK;

    if (settings->plot != NULL) {
        status = gnuplot_check(err);
    }
    if (status == CLEAVE_OK) {
        status = load(&p, err);
    }
    if (status == CLEAVE_OK) {
        status = solve(&p, err);
    }
    if (status == CLEAVE_OK) {
        status = print(&p, err);
    }
    clv_switching_free(p.switching);
    clv_outlook_fini(&p.now);
    clv_product_free(p.elsewhere_product);
    clv_blueprint_free(p.elsewhere);
    clv_blueprint_free(p.blueprint);
    clv_application_free(p.application);
    return status;
}

/* -- What the tellers share -- */

static void add_role(char into[PLANSOLVER_ROLES], const char *text,
                     const char *name)
{
    size_t used = strlen(into);

    snprintf(into + used, PLANSOLVER_ROLES - used, "%s%s%s",
             used > 0 ? ", " : "", text, name);
}

const char *plansolver_roles(const struct plansolver *p, unsigned roles,
                             char into[PLANSOLVER_ROLES])
{
    into[0] = '\0';
    if (roles & CLV_ROLE_BEST) {
        add_role(into, "best", "");
    }
    for (size_t i = 0; i < p->switching->processors; i++) {
        if (roles & (unsigned)CLV_ROLE_AVOIDS << i) {
            add_role(into, "avoids ", p->switching->names[i]);
        }
    }
    if (roles & CLV_ROLE_MEMORY) {
        add_role(into, "little memory", "");
    }
    if (roles & CLV_ROLE_WORKLOAD) {
        add_role(into, "little workload", "");
    }
    if (into[0] == '\0') {
        add_role(into, "best in some states", "");
    }
    return into;
}

const char *plansolver_place(const struct plansolver *p,
                             const struct clv_config *config,
                             char into[PLANSOLVER_PLACE])
{
    const char *server = config->server != CLV_NO_SERVER
                             ? p->blueprint->server_names[config->server]
                             : "";

    switch (config->place) {
    case CLV_PLACE_DEVICE:
        snprintf(into, PLANSOLVER_PLACE, "device");
        break;
    case CLV_PLACE_CUT:
        snprintf(into, PLANSOLVER_PLACE, "cut, %.100s", server);
        break;
    default:
        snprintf(into, PLANSOLVER_PLACE, "%.100s", server);
        break;
    }
    return into;
}

const char *plansolver_variant(const struct plansolver *p, size_t task,
                               const struct clv_config *config)
{
    return p->blueprint->designs[task]->costs.variants[config->variant].name;
}

const char *plansolver_engine(const struct plansolver *p, size_t task,
                              const struct clv_config *config)
{
    return p->blueprint->designs[task]->costs.engines[config->engine];
}

double plansolver_scaled(const struct plansolver *p, size_t goal, double value)
{
    const struct clv_yardstick *y = &p->now.rass.yardstick;
    double range = y->high[goal] - y->low[goal];

    if (!(range > 0)) {
        return 1;
    }
    return y->maximize[goal] ? (value - y->low[goal]) / range
                             : (y->high[goal] - value) / range;
}

static double scaled_of(const struct plansolver *p, const uint32_t *choice,
                        size_t goal)
{
    const struct clv_goal *g = &p->blueprint->goals.goals[goal];

    return plansolver_scaled(
        p, goal,
        clv_product_value(p->now.product, choice, g->task, g->measure));
}

size_t plansolver_loses_in(const struct plansolver *p, const uint32_t *choice)
{
    size_t worst = SIZE_MAX;
    double most = 0;

    for (size_t i = 0; i < p->blueprint->goals.goal_count; i++) {
        double loss = scaled_of(p, p->now.choice, i) - scaled_of(p, choice, i);
        if (loss > most) {
            most = loss;
            worst = i;
        }
    }
    return worst;
}
