#!/usr/bin/env python3
"""The alerts that are due, worked out apart from the engine and in another language.

usage: alerts.py RULES.json OBSERVATIONS.ndjson

Reads observations in event-time order per datastream, keeps the plain sums and comparisons of the
rules, and writes one line a decision: kind, hazard, place, t (Unix ms), level, was, value. No
hysteresis, no holds: the rules of a city that asks for none. Sums are exact decimals.
"""
import json
import sys
from collections import defaultdict, deque
from datetime import datetime
from decimal import Decimal


def instant(t):
    if isinstance(t, int):
        return t
    return int(datetime.fromisoformat(t).timestamp() * 1000)


def judge(thresholds, order, window, t, value):
    """The greatest level whose threshold is met, and the value of the rule that spoke."""
    best, spoken = 0, None
    for rule in thresholds:
        if rule.get("window_s"):
            begin = t - rule["window_s"] * 1000
            judged = sum((v for (at, v) in window if begin < at <= t), Decimal(0))
        else:
            judged = value
        rank = order[rule["level"]]
        if judged >= Decimal(str(rule["at_least"])) and rank > best:
            best, spoken = rank, judged
    return best, spoken


def main():
    rules = json.load(open(sys.argv[1], encoding="utf-8"))
    names = ["none"] + rules["levels"]
    order = {name: rank for rank, name in enumerate(names)}
    hazards = defaultdict(list)
    longest = {}
    for hazard in rules["hazards"]:
        hazards[hazard["property"]].append(hazard)
        reach = max([r.get("window_s") or 0 for r in hazard["thresholds"]])
        longest[hazard["property"]] = max(longest.get(hazard["property"], 0), reach * 1000)
    windows, level, newest, out = defaultdict(deque), {}, {}, []
    for line in open(sys.argv[2], encoding="utf-8"):
        row = json.loads(line, parse_float=Decimal)
        t, value = instant(row["t"]), Decimal(row["v"])
        station, prop = row["station"], row["property"]
        stream = (station, prop)
        dead = rules["silent_after"] * rules["intervals"][f"{station}/{prop}"] * 1000
        if stream in newest and t - newest[stream] > dead:
            out.append((newest[stream] + dead, "feed.silent", "feed", station, prop, "", None))
            out.append((t, "feed.returned", "feed", station, prop, "", None))
        newest[stream] = t
        window = windows[stream]
        window.append((t, value))
        while window and window[0][0] <= t - longest.get(prop, 0):
            window.popleft()
        for hazard in hazards[prop]:
            key = (hazard["name"], station)
            rank, judged = judge(hazard["thresholds"], order, window, t, value)
            was = level.get(key, 0)
            if rank == was:
                continue
            kind = "alert.cleared" if rank == 0 else "alert.raised" if was == 0 else "alert.stepped"
            out.append((t, kind, hazard["name"], station, names[rank], names[was], judged))
            level[key] = rank
    for (t, kind, hazard, place, now, was, value) in out:
        value = None if value is None else float(value)
        print(json.dumps({"t": t, "kind": kind, "hazard": hazard, "place": place, "level": now,
                          "was": was, "value": value}))


main()
