"""Terms of sale of the demo shop: believable, short, and no legal advice."""

TERMS = """\
1. Who sells
Plumb & Level Messgeräte GmbH, Lotstraße 12, 04229 Leipzig, Germany, sells to you under these terms.

2. How a contract comes about
Our pages are an invitation. You order by pressing “Order and pay”. The contract is made when your payment has arrived; \
we confirm it by mail and send the invoice along.

3. Price and payment
Prices include VAT and delivery. You pay on the page of our payment provider; we never see your card number. An order that \
is not paid within 45 minutes is closed, and nothing is charged.

4. Delivery
We deliver to Germany, Austria, Belgium, France, Luxembourg and the Netherlands, usually within three working days.

5. Your right to change your mind
You may withdraw from the contract within 30 days of receiving the goods, without giving a reason. Tell us by mail, send the \
goods back, and we return what you paid, including delivery, within 14 days.

6. Warranty
The statutory rights of consumers apply. In addition we repair our instruments free of charge for three years.

7. Law
German law applies; the protection that the law of your own country gives you as a consumer stays with you.
"""
