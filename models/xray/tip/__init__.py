"""Threat image projection as edge and central both see it: library, record, rules, figures."""
