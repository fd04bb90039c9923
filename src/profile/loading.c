/*
 * loading.c - a table of costs from what the database holds.
 *
 * Of every part the row with the greatest id is taken: the latest one of this
 * machine. Accuracies are of one data set, because on different inputs they do
 * not compare: that of who asks (subject.h), and packings of one cut with one
 * calibration, the latest. What a survey had no time for is simply not there;
 * the note says so.
 *
 * What it leaves out: judging. A profile with holes is a profile; whether it
 * is enough to decide on is the space's affair (plan/).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/columns.h"
#include "profile/database.h"
#include "profile/elsewhere.h"
#include "profile/subject.h"

#define NOTE_BYTES 512

struct loading {
    struct clv_database *database;
    const struct clv_wanted *wanted;
    const char *machine;
    struct clv_costs costs;
    uint32_t *engine; /* index in the costs, of each that is wanted */
    uint32_t *server;
    char note[NOTE_BYTES];
    int noted_version;
    int noted_engine;
    int noted_standing[CLV_STANDING_OWN + 1];
    char data[CLV_DATA_TEXT]; /* of the variant's accuracy now */
};

#define NOWHERE UINT32_MAX

static void add_note(struct loading *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_note(struct loading *l, const char *format, ...)
{
    size_t used = strlen(l->note);
    va_list args;

    if (used > 0 && used + 1 < sizeof l->note) {
        l->note[used++] = ' ';
    }
    va_start(args, format);
    vsnprintf(l->note + used, sizeof l->note - used, format, args);
    va_end(args);
}

/* -- Queries over what this machine measured of a model -- */

#define OF_MODEL \
    " JOIN origins o ON o.id = t.origin WHERE o.machine = ? AND t.model = ?"

static cleave_status ask(struct loading *l, const char *statement,
                         const char *model, struct clv_query **ret_query,
                         cleave_error *err)
{
    cleave_status status =
        clv_query_new(l->database->sql, statement, ret_query, err);

    if (status == CLEAVE_OK) {
        clv_query_text(*ret_query, l->machine);
        clv_query_text(*ret_query, model);
    }
    return status;
}

/* Columns of the origin, which every question asks for first. */
#define ORIGIN_COLUMNS "max(t.id), o.version, o.engine, "

/* Takes them; returns 0 if the row is that of nothing found. */
static int take_origin(struct loading *l, struct clv_query *query)
{
    int64_t id = clv_query_get_int(query);
    const char *version = clv_query_get_text(query);
    const char *identity = clv_query_get_text(query);

    if (id != 0 && strcmp(version, cleave_version()) != 0 &&
        !l->noted_version++) {
        add_note(l,
                 "Measured with cleave %.20s; this is %.20s; `cleave profile "
                 "--fresh` measures anew.",
                 version, cleave_version());
    }
    if (id != 0 && l->wanted->identity != NULL &&
        strcmp(identity, l->wanted->identity) != 0 && !l->noted_engine++) {
        add_note(l,
                 "Measured with the engine '%.60s'; this is '%.60s'; `cleave "
                 "profile --fresh` measures anew.",
                 identity, l->wanted->identity);
    }
    return id != 0;
}

/* -- Engines and servers: in the table once something names them -- */

static cleave_status engine_index(struct loading *l, size_t i,
                                  cleave_error *err)
{
    return l->engine[i] != NOWHERE
               ? CLEAVE_OK
               : clv_costs_engine(&l->costs, l->wanted->engines[i],
                                  &l->engine[i], err);
}

static cleave_status server_index(struct loading *l, size_t i,
                                  cleave_error *err)
{
    return l->server[i] != NOWHERE
               ? CLEAVE_OK
               : clv_costs_server(&l->costs, l->wanted->servers[i],
                                  &l->server[i], err);
}

/* Whether anything was measured of this engine or server, for the models. */
static cleave_status is_known(struct loading *l, const char *statement,
                              const char *name, int *ret_known,
                              cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    *ret_known = 0;
    for (size_t i = 0;
         status == CLEAVE_OK && !*ret_known && i < l->wanted->variant_count;
         i++) {
        struct clv_query *query = NULL;
        status = ask(l, statement, l->wanted->variants[i].sha256, &query, err);
        if (status == CLEAVE_OK) {
            clv_query_text(query, name);
            status = clv_query_step(query, ret_known, err);
        }
        clv_query_free(query);
    }
    return status;
}

/* In the order wanted, so that the table keeps it. */
static cleave_status list_places(struct loading *l, cleave_error *err)
{
    const struct clv_wanted *w = l->wanted;
    cleave_status status = CLEAVE_OK;
    int known;

    for (size_t i = 0; status == CLEAVE_OK && i < w->engine_count; i++) {
        status =
            is_known(l, "SELECT 1 FROM heads t" OF_MODEL " AND t.engine = ?",
                     w->engines[i], &known, err);
        if (status == CLEAVE_OK && known) {
            status = engine_index(l, i, err);
        } else if (status == CLEAVE_OK) {
            add_note(l, "Nothing was measured on the engine %.80s.",
                     w->engines[i]);
        }
    }
    for (size_t i = 0; status == CLEAVE_OK && i < w->server_count; i++) {
        status = is_known(l, "SELECT 1 FROM tails t" OF_MODEL " AND server = ?",
                          w->servers[i], &known, err);
        if (status == CLEAVE_OK && known) {
            status = server_index(l, i, err);
        } else if (status == CLEAVE_OK) {
            add_note(l, "Nothing was measured on the server %.80s.",
                     w->servers[i]);
        }
    }
    return status;
}

/* -- The parts of one cut -- */

static cleave_status load_heads(struct loading *l, const char *model,
                                const char *name, uint32_t cut,
                                cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < l->wanted->engine_count;
         i++) {
        struct clv_query *query = NULL;
        struct clv_cost_head row;
        int is_row = 0;
        if (l->engine[i] == NOWHERE) {
            continue;
        }
        status = ask(l,
                     "SELECT " ORIGIN_COLUMNS CLV_HEAD_COLUMNS
                     " FROM heads t" OF_MODEL " AND cut = ? AND t.engine = ?",
                     model, &query, err);
        if (status == CLEAVE_OK) {
            clv_query_text(query, name);
            clv_query_text(query, l->wanted->engines[i]);
            status = clv_query_step(query, &is_row, err);
        }
        if (status == CLEAVE_OK && is_row && take_origin(l, query)) {
            status = clv_columns_get_head(query, &row)
                         ? CLEAVE_OK
                         : clv_columns_senseless(l->database, "heads", err);
            row.cut = cut;
            row.engine = l->engine[i];
            status = status == CLEAVE_OK ? clv_costs_head(&l->costs, &row, err)
                                         : status;
        }
        clv_query_free(query);
    }
    return status;
}

static cleave_status load_tails(struct loading *l, const char *model,
                                const char *name, uint32_t cut,
                                cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < l->wanted->server_count;
         i++) {
        struct clv_query *query = NULL;
        struct clv_cost_tail row;
        int is_row = 0;
        if (l->server[i] == NOWHERE) {
            continue;
        }
        status = ask(l,
                     "SELECT " ORIGIN_COLUMNS CLV_TAIL_COLUMNS
                     " FROM tails t" OF_MODEL " AND cut = ? AND server = ?",
                     model, &query, err);
        if (status == CLEAVE_OK) {
            clv_query_text(query, name);
            clv_query_text(query, l->wanted->servers[i]);
            status = clv_query_step(query, &is_row, err);
        }
        if (status == CLEAVE_OK && is_row && take_origin(l, query)) {
            status = clv_columns_get_tail(query, &row)
                         ? CLEAVE_OK
                         : clv_columns_senseless(l->database, "tails", err);
            row.cut = cut;
            row.server = l->server[i];
            status = status == CLEAVE_OK ? clv_costs_tail(&l->costs, &row, err)
                                         : status;
        }
        clv_query_free(query);
    }
    return status;
}

/* Data of packings are those of the accuracy and the calibration's name. */
static const char packs_of_cut[] =
    "SELECT " ORIGIN_COLUMNS CLV_PACK_COLUMNS " FROM packs t JOIN origins o"
    " ON o.id = t.origin WHERE o.machine = ?1 AND t.model = ?2 AND cut = ?3"
    " AND o.data = (SELECT p.data FROM packs s JOIN origins p ON p.id ="
    " s.origin WHERE p.machine = ?1 AND s.model = ?2 AND s.cut = ?3"
    " AND (NOT ?4 OR p.data = ?5 OR"
    " substr(p.data, 1, length(?5) + 1) = ?5 || ' ')"
    " ORDER BY s.id DESC LIMIT 1)"
    " GROUP BY packing ORDER BY 1";

static cleave_status load_packs(struct loading *l, const char *model,
                                const char *name, uint32_t cut,
                                cleave_error *err)
{
    struct clv_query *query = NULL;
    struct clv_cost_pack row;
    int is_row = 0;
    cleave_status status = ask(l, packs_of_cut, model, &query, err);

    if (status == CLEAVE_OK) {
        clv_query_text(query, name);
        clv_query_int(query, l->wanted->subject.task != NULL);
        clv_query_text(query, l->data);
        status = clv_query_step(query, &is_row, err);
    }
    while (status == CLEAVE_OK && is_row && take_origin(l, query)) {
        status = clv_columns_get_pack(query, &row)
                     ? CLEAVE_OK
                     : clv_columns_senseless(l->database, "packs", err);
        row.cut = cut;
        if (status == CLEAVE_OK) {
            status = clv_costs_pack(&l->costs, &row, err);
        }
        if (status == CLEAVE_OK) {
            status = clv_query_step(query, &is_row, err);
        }
    }
    clv_query_free(query);
    return status;
}

/* -- One variant -- */

/* A cut that no head was measured of yet is as good as not there. */
static const char cuts_of_model[] =
    "SELECT " ORIGIN_COLUMNS CLV_CUT_COLUMNS " FROM cuts t" OF_MODEL
    " AND EXISTS (SELECT 1 FROM heads h JOIN origins p ON p.id = h.origin"
    " WHERE p.machine = o.machine AND h.model = t.model AND h.cut = t.cut)"
    " GROUP BY cut ORDER BY position";

static cleave_status load_cut(struct loading *l, const char *model,
                              struct clv_cost_cut *row, cleave_error *err)
{
    const char *name = row->name;
    uint32_t cut = 0;
    cleave_status status = clv_costs_cut(&l->costs, row, &cut, err);

    if (status == CLEAVE_OK) {
        status = load_heads(l, model, name, cut, err);
    }
    if (status == CLEAVE_OK) {
        status = load_tails(l, model, name, cut, err);
    }
    return status == CLEAVE_OK ? load_packs(l, model, name, cut, err) : status;
}

static cleave_status load_cuts(struct loading *l, const char *model,
                               uint32_t variant, cleave_error *err)
{
    struct clv_query *query = NULL;
    struct clv_cost_cut row;
    int is_row = 0;
    cleave_status status = ask(l, cuts_of_model, model, &query, err);

    if (status == CLEAVE_OK) {
        status = clv_query_step(query, &is_row, err);
    }
    while (status == CLEAVE_OK && is_row && take_origin(l, query)) {
        status = clv_columns_get_cut(query, &row)
                     ? CLEAVE_OK
                     : clv_columns_senseless(l->database, "cuts", err);
        row.variant = variant;
        if (status == CLEAVE_OK) {
            status = load_cut(l, model, &row, err);
        }
        if (status == CLEAVE_OK) {
            status = clv_query_step(query, &is_row, err);
        }
    }
    clv_query_free(query);
    return status;
}

/* Only the latest survey counts. */
static cleave_status note_unfinished(struct loading *l,
                                     const struct clv_wanted_variant *v,
                                     cleave_error *err)
{
    struct clv_query *query = NULL;
    int is_row = 0;
    cleave_status status = clv_subject_ask_complete(
        l->database, l->machine, v->sha256, &l->wanted->subject, &query, err);

    if (status == CLEAVE_OK) {
        status = clv_query_step(query, &is_row, err);
    }
    if (status == CLEAVE_OK && is_row && !clv_query_get_int(query)) {
        add_note(l,
                 "The profile of %.60s is not complete; `cleave profile` goes "
                 "on where it stopped.",
                 v->name);
    }
    clv_query_free(query);
    return status;
}

/* Says once for all variants that they are of another's data. */
static void note_standing(struct loading *l, const struct clv_standing_row *row,
                          const char *name)
{
    char text[CLV_SUBJECT_NOTE];

    clv_subject_note(row, name, &l->wanted->subject, text);
    if (text[0] != '\0' && !l->noted_standing[row->standing]++) {
        add_note(l, "%s", text);
    }
}

/* Puts the row in, unless it is not for who asks. */
static cleave_status put_variant(struct loading *l, struct clv_query *query,
                                 const struct clv_wanted_variant *v,
                                 struct clv_cost_variant *row,
                                 enum clv_standing *ret_standing,
                                 uint32_t *ret_variant, cleave_error *err)
{
    struct clv_standing_row whose = clv_subject_get(query);

    note_standing(l, &whose, v->name);
    *ret_standing = whose.standing;
    if (whose.standing == CLV_STANDING_FOREIGN) {
        return CLEAVE_OK;
    }
    snprintf(l->data, sizeof l->data, "%s", whose.data);
    memcpy(&row->name, &v->name, sizeof row->name);
    snprintf(row->sha256, sizeof row->sha256, "%s", v->sha256);
    return clv_costs_variant(&l->costs, row, ret_variant, err);
}

/* The variant's row, if there is one and heads with it. */
static cleave_status take_variant(struct loading *l,
                                  const struct clv_wanted_variant *v,
                                  enum clv_standing *ret_standing,
                                  uint32_t *ret_variant, int *ret_found,
                                  cleave_error *err)
{
    struct clv_query *query = NULL;
    struct clv_cost_variant row;
    int is_row = 0;
    cleave_status status = clv_subject_ask(l->database, l->machine, v->sha256,
                                           &l->wanted->subject, &query, err);

    *ret_found = 0;
    if (status == CLEAVE_OK) {
        status = clv_query_step(query, &is_row, err);
    }
    if (status == CLEAVE_OK && is_row && take_origin(l, query)) {
        *ret_found = 1;
        status =
            clv_columns_get_variant(query, &row)
                ? put_variant(l, query, v, &row, ret_standing, ret_variant, err)
                : clv_columns_senseless(l->database, "variants", err);
    }
    clv_query_free(query);
    return status;
}

static cleave_status load_variant(struct loading *l,
                                  const struct clv_wanted_variant *v,
                                  cleave_error *err)
{
    enum clv_standing standing = CLV_STANDING_OWN;
    uint32_t variant = 0;
    int found = 0;
    cleave_status status = take_variant(l, v, &standing, &variant, &found, err);

    if (status != CLEAVE_OK || standing == CLV_STANDING_FOREIGN) {
        return status;
    }
    if (!found) {
        add_note(l, "Of the model %.60s nothing was measured.", v->name);
        return CLEAVE_OK;
    }
    status = load_cuts(l, v->sha256, variant, err);
    return status == CLEAVE_OK ? note_unfinished(l, v, err) : status;
}

/* -- All together -- */

static cleave_status prepare(struct loading *l, cleave_error *err)
{
    size_t most = l->wanted->engine_count + l->wanted->server_count + 2;

    l->engine = calloc(most, sizeof *l->engine);
    if (l->engine == NULL) {
        return clv_fail_memory(err, "profile", most * sizeof *l->engine);
    }
    l->server = l->engine + l->wanted->engine_count;
    for (size_t i = 0; i < most; i++) {
        l->engine[i] = NOWHERE;
    }
    return CLEAVE_OK;
}

/* One transaction, so that a writer beside us does not show halves. */
static cleave_status load(struct loading *l, cleave_error *err)
{
    cleave_status status = clv_sql_run(l->database->sql, "BEGIN", err);

    if (status == CLEAVE_OK) {
        status = list_places(l, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < l->wanted->variant_count;
         i++) {
        status = load_variant(l, &l->wanted->variants[i], err);
    }
    if (status == CLEAVE_OK && l->costs.head_count == 0) {
        status =
            clv_elsewhere_why(l->database, l->wanted, l->machine, l->note, err);
    }
    clv_sql_run(l->database->sql, "ROLLBACK", NULL);
    return status;
}

cleave_status clv_database_load(struct clv_database *database,
                                const struct clv_wanted *wanted,
                                struct clv_costs *ret_costs, char ret_note[512],
                                cleave_error *err)
{
    struct loading l = {.database = database, .wanted = wanted};
    char here[CLV_MACHINE_TEXT];
    char text[CLV_MACHINE_TEXT];
    cleave_status status;

    clv_machine_id(here, text);
    l.machine = wanted->machine != NULL ? wanted->machine : here;
    clv_costs_init(&l.costs);
    status = prepare(&l, err);
    if (status == CLEAVE_OK) {
        status = load(&l, err);
    }
    free(l.engine);
    if (status != CLEAVE_OK) {
        clv_costs_fini(&l.costs);
        return status;
    }
    *ret_costs = l.costs;
    memcpy(ret_note, l.note, sizeof l.note);
    return CLEAVE_OK;
}
