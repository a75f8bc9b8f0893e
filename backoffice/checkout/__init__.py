"""From cart to payment page, and the end of orders that were not paid."""
