"""What the program leaves out of Flask, it has no use for."""

from inspect import iscoroutinefunction


def test_no_view_and_no_hook_is_a_coroutine(app):
    hooks = [
        function
        for table in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
        for functions in table.values()
        for function in functions
    ]
    handlers = [
        handler
        for codes in app.error_handler_spec.values()
        for classes in codes.values()
        for handler in classes.values()
    ]
    called = [*app.view_functions.values(), *hooks, *handlers]
    assert len(called) > 300
    assert [function for function in called if iscoroutinefunction(function)] == []


def test_templates_see_what_stands_everywhere_and_what_is_theirs(app):
    template = app.jinja_env.from_string("{{ _('Cart') }} {{ mine }} {{ yours }}", globals={"mine": "m"})
    with app.test_request_context("/"):
        assert template.render(yours="y") == "Cart m y"
