"""Ways to pay that customers keep: entered on the provider's page, barred when a bank says never, removed when they wish."""
