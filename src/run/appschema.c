/*
 * appschema.c - which keys an application file may have.
 *
 * Every key stands here once, with how many values it takes. All texts have
 * a most; what they mean is checked by whoever reads them. A key added here
 * wants its line in docs/application.md, and a test says so.
 */
#include "run/appschema.h"

#include "base/file.h"
#include "plan/conditions.h"
#include "plan/slo.h"
#include "run/application.h"

#define NAME_BYTES 128
#define TEXT_BYTES 128
#define URL_BYTES 1024
#define PATH_BYTES (CLV_PATH_MAX / 2)

#define NEEDED (CYAML_FLAG_POINTER)
#define MAY (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

#define MAY_TEXT(key, type, member) \
    CYAML_FIELD_STRING_PTR(key, MAY, type, member, 1, TEXT_BYTES)
/* A list whose count lies beside it, in the member with _count. */
#define LIST(key, flags, type, member, entry, least, most)               \
    CYAML_FIELD_SEQUENCE_COUNT(key, flags, type, member, member##_count, \
                               entry, least, most)

static const cyaml_strval_t accuracy_names[] = {{"observed", 0}, {"surely", 1}};

static const cyaml_schema_value_t text_value = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, TEXT_BYTES)};

static const cyaml_schema_value_t path_value = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, PATH_BYTES)};

static const cyaml_schema_field_t objective_fields[] = {
    MAY_TEXT("minimize", struct clv_raw_objective, minimize),
    MAY_TEXT("maximize", struct clv_raw_objective, maximize),
    CYAML_FIELD_FLOAT_PTR("weight", MAY, struct clv_raw_objective, weight),
    CYAML_FIELD_END};

static const cyaml_schema_value_t objective_value = {CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct clv_raw_objective, objective_fields)};

static const cyaml_schema_field_t task_fields[] = {
    CYAML_FIELD_STRING_PTR("name", NEEDED, struct clv_raw_task, name, 1,
                           NAME_BYTES),
    LIST("models", NEEDED, struct clv_raw_task, models, &path_value, 1,
         CLV_VARIANTS),
    LIST("cards", MAY, struct clv_raw_task, cards, &path_value, 0,
         CLV_VARIANTS),
    LIST("objectives", MAY, struct clv_raw_task, objectives, &objective_value,
         0, CLV_OBJECTIVES),
    /* One less than there is room for: accuracy may be added. */
    LIST("constraints", MAY, struct clv_raw_task, constraints, &text_value, 0,
         CLV_CONSTRAINTS - 1),
    MAY_TEXT("tolerance", struct clv_raw_task, tolerance),
    MAY_TEXT("deadline", struct clv_raw_task, deadline),
    MAY_TEXT("rate", struct clv_raw_task, rate),
    MAY_TEXT("guard", struct clv_raw_task, guard),
    CYAML_FIELD_ENUM_PTR("accuracy", MAY | CYAML_FLAG_STRICT,
                         struct clv_raw_task, accuracy, accuracy_names,
                         CYAML_ARRAY_LEN(accuracy_names)),
    CYAML_FIELD_INT_PTR("priority", MAY, struct clv_raw_task, priority),
    CYAML_FIELD_STRING_PTR("input", MAY, struct clv_raw_task, input, 1,
                           PATH_BYTES),
    CYAML_FIELD_STRING_PTR("labels", MAY, struct clv_raw_task, labels, 1,
                           PATH_BYTES),
    CYAML_FIELD_END};

static const cyaml_schema_value_t task_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct clv_raw_task, task_fields)};

static const cyaml_schema_field_t server_fields[] = {
    CYAML_FIELD_STRING_PTR("url", NEEDED, struct clv_raw_server, url, 1,
                           URL_BYTES),
    CYAML_FIELD_STRING_PTR("name", MAY, struct clv_raw_server, name, 1,
                           NAME_BYTES),
    CYAML_FIELD_INT_PTR("priority", MAY, struct clv_raw_server, priority),
    CYAML_FIELD_END};

static const cyaml_schema_value_t server_value = {CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct clv_raw_server, server_fields)};

static const cyaml_schema_field_t power_fields[] = {
    MAY_TEXT("compute", struct clv_raw_power, compute),
    MAY_TEXT("send", struct clv_raw_power, send),
    MAY_TEXT("wait", struct clv_raw_power, wait), CYAML_FIELD_END};

static const cyaml_schema_field_t application_fields[] = {
    LIST("tasks", NEEDED, struct clv_raw_application, tasks, &task_value, 1,
         CLV_TASKS),
    LIST("engines", MAY, struct clv_raw_application, engines, &text_value, 0,
         16),
    LIST("servers", MAY, struct clv_raw_application, servers, &server_value, 0,
         CLV_SERVERS),
    CYAML_FIELD_MAPPING_PTR("power", MAY, struct clv_raw_application, power,
                            power_fields),
    LIST("objectives", MAY, struct clv_raw_application, objectives,
         &objective_value, 0, CLV_OBJECTIVES),
    LIST("constraints", MAY, struct clv_raw_application, constraints,
         &text_value, 0, CLV_CONSTRAINTS),
    CYAML_FIELD_INT_PTR("kept", MAY, struct clv_raw_application, kept),
    CYAML_FIELD_END};

const cyaml_schema_value_t clv_appschema = {CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct clv_raw_application, application_fields)};
