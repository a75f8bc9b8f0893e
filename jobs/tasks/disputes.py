from backoffice.disputes import answering
from backoffice.disputes import service as disputes
from backoffice.tasks import registry


@registry.call("disputes.ask", must_run=True)
def ask(dispute_id: int) -> None:
    disputes.ask_again(dispute_id)


@registry.call("disputes.answer", must_run=True)
def answer(answer_id: int) -> None:
    answering.ask_again(answer_id)
