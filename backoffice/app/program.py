"""Flask where every request pays for what this program never uses."""

from collections.abc import Callable, MutableMapping
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer

from backoffice.app.routing import LateRule
from backoffice.core import words


class _Said(NodeTransformer):
    """Sentences in the shop's language, where they stand in a template with nothing to put into them."""

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        call = self.generic_visit(node)
        plain = isinstance(node.node, nodes.Name) and node.node.name == "_" and len(node.args) == 1
        if not plain or node.kwargs or node.dyn_args or node.dyn_kwargs or not isinstance(node.args[0], nodes.Const):
            return call
        return nodes.Const(words.gettext(node.args[0].value), lineno=node.lineno, environment=node.environment)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        """Jinja would join constants itself, and forget which of them are markup."""
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:
        """Nor is a filter asked before there is a request."""
        return node


class _Speaking(CodeGenerator):
    """A page says a hundred words, and a call for each would look up the same ones for every visitor."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        super().visit_Template(_Said().visit(node), frame)


class Templates(Environment):
    """Names of everywhere are one dict from when a template is loaded; what is added later is not seen by it. Jinja chains two,
    and each rendering copies them all, name by name, through the chain."""

    code_generator_class = _Speaking

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


class Program(Flask):
    """No view or hook of ours is a coroutine, so nobody looks for one at each call."""

    url_rule_class = LateRule
    jinja_environment = Templates

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
