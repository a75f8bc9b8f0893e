"""What colleagues tell each other about an order, a customer, a case: notes, and who is called by them."""
