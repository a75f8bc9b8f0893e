"""The provider's books beside ours: every movement taken in, every difference listed, every payout signed off."""
