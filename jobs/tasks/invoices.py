from backoffice.invoices import paper
from backoffice.tasks import registry


@registry.call("invoices.typeset")
def typeset(invoice_id: int) -> None:
    paper.typeset(invoice_id)
