/*
 * test_routes.c - methods and paths.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "serve/routes.h"

static void assert_route(const char *method, const char *path,
                         enum clv_route_kind kind, const char *model)
{
    struct clv_route route;
    const char *allow = "";

    assert_int_equal(clv_route_parse(method, path, &route, &allow, NULL),
                     CLEAVE_OK);
    assert_int_equal(route.kind, kind);
    assert_string_equal(route.model, model);
    assert_null(allow);
}

static void paths_lead_where_they_should(void **state)
{
    (void)state;
    assert_route("GET", "/v2", CLV_ROUTE_SERVER, "");
    assert_route("HEAD", "/v2/", CLV_ROUTE_SERVER, "");
    assert_route("GET", "/v2/health/live", CLV_ROUTE_LIVE, "");
    assert_route("GET", "/v2/health/ready", CLV_ROUTE_READY, "");
    assert_route("GET", "/v2/models", CLV_ROUTE_MODELS, "");
    assert_route("GET", "/v2/models/m", CLV_ROUTE_MODEL, "m");
    assert_route("GET", "/v2/models/a b", CLV_ROUTE_MODEL, "a b");
    assert_route("GET", "/v2/models/ready", CLV_ROUTE_MODEL, "ready");
    assert_route("GET", "/v2/models/m/versions/1", CLV_ROUTE_MODEL, "m");
    assert_route("GET", "/v2/models/m/ready", CLV_ROUTE_MODEL_READY, "m");
    assert_route("POST", "/v2/models/m/infer", CLV_ROUTE_INFER, "m");
    assert_route("POST", "/v2/models/m/versions/1/infer", CLV_ROUTE_INFER, "m");
}

static void assert_cut(const char *path, const char *cut)
{
    struct clv_route route;
    const char *allow = "";

    assert_int_equal(clv_route_parse("POST", path, &route, &allow, NULL),
                     CLEAVE_OK);
    assert_int_equal(route.kind, CLV_ROUTE_INFER_CUT);
    assert_true(clv_route_infers(&route));
    assert_string_equal(route.model, "m");
    assert_string_equal(route.cut, cut);
}

static void cuts_are_named_by_tensors_with_slashes(void **state)
{
    (void)state;
    assert_cut("/v2/models/m/cuts/a/infer", "a");
    assert_cut("/v2/models/m/versions/1/cuts/a+b/infer", "a+b");
    assert_cut("/v2/models/m/cuts//features/0/relu+/x/infer",
               "/features/0/relu+/x");
    assert_cut("/v2/models/m/cuts/a/infer/infer", "a/infer");
    assert_cut("/v2/models/m/cuts/infer/infer", "infer");
}

static void assert_refused(const char *method, const char *path,
                           cleave_status want, const char *allowed)
{
    struct clv_route route;
    const char *allow = "";

    assert_int_equal(clv_route_parse(method, path, &route, &allow, NULL), want);
    if (allowed == NULL) {
        assert_null(allow);
    } else {
        assert_string_equal(allow, allowed);
    }
}

static void other_paths_and_methods_are_refused(void **state)
{
    char longest[700] = "/v2/models/";
    char tall[CLV_ROUTE_CUT_MAX + 40];
    struct clv_route route;
    const char *allow = NULL;

    (void)state;
    assert_refused("GET", "", CLEAVE_NOT_FOUND, NULL);
    assert_refused("GET", "/", CLEAVE_NOT_FOUND, NULL);
    assert_refused("GET", "v2", CLEAVE_NOT_FOUND, NULL);
    assert_refused("GET", "/v2x", CLEAVE_NOT_FOUND, NULL);
    assert_refused("GET", "//v2", CLEAVE_NOT_FOUND, NULL);
    assert_refused("GET", "/v2/models//ready", CLEAVE_NOT_FOUND, NULL);
    assert_refused("GET", "/v2/models/m/versions/2", CLEAVE_NOT_FOUND, NULL);
    assert_refused("GET", "/v2/models/m/other", CLEAVE_NOT_FOUND, NULL);
    assert_refused("POST", "/v2/models/m/infer/x", CLEAVE_NOT_FOUND, NULL);
    assert_refused("GET", "/v2/models/m/infer", CLEAVE_INVALID, "POST");
    assert_refused("POST", "/v2", CLEAVE_INVALID, "GET, HEAD");
    assert_refused("POST", "/v2/models/m/cuts/a", CLEAVE_NOT_FOUND, NULL);
    assert_refused("POST", "/v2/models/m/cuts/infer", CLEAVE_NOT_FOUND, NULL);
    assert_refused("POST", "/v2/models/m/cuts//infer", CLEAVE_NOT_FOUND, NULL);
    assert_refused("POST", "/v2/models//cuts/a/infer", CLEAVE_NOT_FOUND, NULL);
    assert_refused("GET", "/v2/models/m/cuts/a/infer", CLEAVE_INVALID, "POST");
    memset(longest + 11, 'm', 600);
    assert_refused("GET", longest, CLEAVE_NOT_FOUND, NULL);
    memset(tall, 'c', sizeof tall);
    memcpy(tall, "/v2/models/m/cuts/", 18);
    memcpy(tall + 18 + CLV_ROUTE_CUT_MAX, "/infer", 7);
    assert_refused("POST", tall, CLEAVE_NOT_FOUND, NULL);
    memcpy(tall + 18 + CLV_ROUTE_CUT_MAX - 1, "/infer", 7);
    assert_int_equal(clv_route_parse("POST", tall, &route, &allow, NULL),
                     CLEAVE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_where_they_should),
        cmocka_unit_test(cuts_are_named_by_tensors_with_slashes),
        cmocka_unit_test(other_paths_and_methods_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
