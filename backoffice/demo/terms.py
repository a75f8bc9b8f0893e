"""Legal texts of the demo shop: believable, short, and no legal advice."""

TERMS = """\
1. Who sells
Plumb & Level Messgeräte GmbH, Lotstraße 12, 04229 Leipzig, Germany, sells to you under these terms.

2. How a contract comes about
Our pages are an invitation. You order by pressing “Order and pay”. The contract is made when your payment has arrived; \
we confirm it by mail and send the invoice along.

3. Price and payment
Prices include VAT; delivery is named before you order. You pay on the page of our payment provider; we never see your card \
number. An order that is not paid within 45 minutes is closed, and nothing is charged.

4. Delivery
We deliver to the countries that the order form offers, usually within three working days. Downloads open as soon as you have \
paid. For services we propose a date, and you say whether it suits.

5. Your right to change your mind
You may withdraw from the contract within 30 days of receiving the goods, without giving a reason. Use the page “Withdraw from \
a contract”, or tell us in any other way. The right ends early for a download that you have begun and for a service that is done.

6. Warranty
The statutory rights of consumers apply. In addition we repair our instruments free of charge for three years.

7. Law
German law applies; the protection that the law of your own country gives you as a consumer stays with you.
"""

PRIVACY = """\
Who is responsible
Plumb & Level Messgeräte GmbH, Lotstraße 12, 04229 Leipzig, shop@plumb-and-level.example.

What we keep, and why
To carry out your order we keep your name, addresses, e-mail and what you bought (Art. 6(1)(b) GDPR). Invoices and what proves \
them we keep for as long as tax law asks (Art. 6(1)(c)). Of your network address we keep a part only, for security (Art. 6(1)(f)).

Who else sees it
Our payment provider takes your payment on its own page; the carrier gets your name and address. Nobody else, and no advertiser.

Cookies
Four, all of them needed: one remembers your cart, one your order, one your currency, one that you are logged in. That is why we \
do not ask. No page of ours loads anything from anywhere else.

Your rights
You may see, correct, take with you or have deleted what we hold of you, and complain to a data protection authority. Write to \
us, or use your account.
"""

WITHDRAWAL = """\
Your right of withdrawal
You have the right to withdraw from this contract within 30 days without giving any reason. The period ends 30 days after the \
day on which you, or somebody you name, received the last of the goods.

How to withdraw
Use the page “Withdraw from a contract”, or tell us clearly by mail or letter. It is enough to send your declaration before the period ends.

What happens then
We return what you paid, including the cheapest delivery that we offer, within 14 days, by the way you paid. We may wait until \
the goods are back or you have proved that you sent them. You send them back within 14 days and bear the cost of that.

Downloads and services
The right ends when a download has begun with your consent, and when a service that you asked for has been done.
"""

IMPRINT = """
Represented by
Ada Senkblei, managing director, at the address above.

Responsible for the content
Ada Senkblei, at the address above.

Disputes with consumers
We take part in no proceedings before a consumer arbitration board, and are not obliged to. Write to us first: nearly everything can
be set right with a letter.
"""
