"""The counterfoil of every change: who, what, when, from where, why, before and after."""
