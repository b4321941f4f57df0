"""Following rules through time: what the engine, the backtest and the promises of packs use."""

from dothi.alerts.history import Episode, episodes, run
from dothi.alerts.machine import SETTLE, Watcher, watcher
from dothi.alerts.memory import Change, Late, Memory, Seen, Switch

__all__ = ["SETTLE", "Change", "Episode", "Late", "Memory", "Seen", "Switch", "Watcher", "episodes", "run", "watcher"]
