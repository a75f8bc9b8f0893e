"""Applications in a moment. Werkzeug compiles two small functions for each of three hundred addresses whenever an application
is made, and every test makes one: what was compiled for an address is kept for the next one."""

from werkzeug.routing.rules import Rule

_compiled: dict[tuple, object] = {}
_compile_builder = Rule._compile_builder


def _remembered(rule: Rule, append_unknown: bool = True):
    key = (rule.rule, tuple(rule._trace), repr(rule.defaults), tuple(sorted(rule.arguments)), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile_builder(rule, append_unknown)
    return _compiled[key]


def remember() -> None:
    Rule._compile_builder = _remembered
