"""Renderers: functions of a report that decide nothing."""
