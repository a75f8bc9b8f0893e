from backoffice.mail import service as mail
from backoffice.tasks import registry


@registry.call("mail.send")
def send(mail_id: int) -> None:
    mail.send(mail_id)
