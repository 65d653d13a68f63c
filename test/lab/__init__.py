"""A telephone world on one machine: a real Asterisk, a carrier with people behind it (SIPp), and the engine."""
