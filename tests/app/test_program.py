"""What the program leaves out of Flask, it has no use for."""

from gettext import NullTranslations
from inspect import iscoroutinefunction

from backoffice.core import words


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


class Catalogue(NullTranslations):
    """A shop that says everything otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def gettext(self, text: str) -> str:
        self.asked.append(text)
        return {"Cart": "Korb & Wagen", "%(count)s pieces": "%(count)s Stück"}[text]


def test_words_without_values_are_put_into_a_page_when_it_is_compiled(app, monkeypatch):
    catalogue = Catalogue()
    monkeypatch.setattr(words, "catalogue", lambda: catalogue)
    source = "{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{{ _('Cart') }}{{ m(_('Cart')) }}{{ _('%(count)s pieces', count=n) }}"
    source += "{{ '<i>'|safe ~ _('Cart') }}"
    template = app.jinja_env.from_string(source)
    assert catalogue.asked == ["Cart", "Cart"]
    with app.test_request_context("/"):
        assert template.render(n="<2>") == "Korb &amp; Wagen<b>Korb &amp; Wagen</b>&lt;2&gt; Stück<i>Korb &amp; Wagen"
        template.render(n="2")
    assert catalogue.asked == ["Cart", "Cart", *["%(count)s pieces", "Cart"] * 2], (
        "what is joined to markup is left to Jinja"
    )
