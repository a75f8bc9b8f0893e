"""How the fields of the shop's forms are drawn: the tags that WTForms writes, in a fifth of its time. A checkout has some
twenty of them, and they were the dearest part of its page."""

from typing import Any

from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import Field
from wtforms.widgets import CheckboxInput, EmailInput, HiddenInput, NumberInput, PasswordInput, Select, TextInput

INPUTS = (TextInput, EmailInput, HiddenInput, NumberInput, PasswordInput, CheckboxInput)


class Drawn(FlaskForm.Meta):
    """Draws plain inputs and selects itself, and leaves every other widget to WTForms."""

    def render_field(self, field: Field, render_kw: dict[str, Any]) -> Markup:
        widget, given = field.widget, {**(field.render_kw or {}), **render_kw}
        if not any("_" in name for name in given):  # those stand for other names
            if type(widget) in INPUTS:
                return _input(field, given)
            if type(widget) is Select and not widget.multiple and not field.has_groups():
                return _select(field, given)
        drawn: Markup = super().render_field(field, render_kw)
        return drawn


def _input(field: Field, given: dict[str, Any]) -> Markup:
    widget = field.widget
    tag = {"id": field.id, "type": widget.input_type, **given, "name": field.name}
    if isinstance(widget, PasswordInput) and widget.hide_value:
        tag["value"] = ""
    elif "value" not in tag:
        tag["value"] = field._value()
    if isinstance(widget, CheckboxInput) and field.data:
        tag["checked"] = True
    _flag(field, tag)
    return Markup(f"<input {_attributes(tag)}>")  # noqa: S704 - every value is escaped


def _select(field: Field, given: dict[str, Any]) -> Markup:
    tag = {"id": field.id, **given, "name": field.name}
    _flag(field, tag)
    options = []
    for choice in field._iter_choices_normalized():
        known = {"value": choice.value, **(choice.render_kw or {})}
        if choice.selected:
            known["selected"] = True
        options.append(f"<option {_attributes(known)}>{escape(choice.label or choice.value)}</option>")
    return Markup(f"<select {_attributes(tag)}>{''.join(options)}</select>")  # noqa: S704 - every value is escaped


def _flag(field: Field, tag: dict[str, Any]) -> None:
    """What its validators ask of the browser, where the page did not say otherwise."""
    for name, value in vars(field.flags).items():
        if name in field.widget.validation_attrs:
            tag.setdefault(name, value)


def _attributes(tag: dict[str, Any]) -> str:
    """In the order of their names; True stands alone, False is left out."""
    parts = []
    for name in sorted(tag):
        value = tag[name]
        if value is True:
            parts.append(name)
        elif value is not False:
            said = str(escape(value))
            parts.append(f'{name}="{said.replace(chr(34), "&quot;") if chr(34) in said else said}"')
    return " ".join(parts)
