"""What every slice stands on: database, units of work, money, clock, references, actors, states, links, errors."""
