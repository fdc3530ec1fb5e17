"""What changed since yesterday, by role; and what a lead is here."""
