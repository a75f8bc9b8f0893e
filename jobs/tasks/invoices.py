from backoffice.invoices import paper
from backoffice.tasks import registry


@registry.call("invoices.typeset", must_run=True)
def typeset(invoice_id: int) -> None:
    paper.typeset(invoice_id)


@registry.call("credit_notes.typeset", must_run=True)
def typeset_credit_note(credit_note_id: int) -> None:
    paper.typeset_credit_note(credit_note_id)
