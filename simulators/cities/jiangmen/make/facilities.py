"""hospitals.csv (each also a station), units.csv, shelters.csv, exposure/facilities.csv: all
invented."""

import place
from instruments import COAST, URBAN

DISTRICT_PREFIX = {"440703": "蓬江", "440704": "江海", "440705": "新会", "440781": "台山",
                   "440783": "开平", "440784": "鹤山", "440785": "恩平"}
HOSPITAL_KINDS = [("人民医院", "People's Hospital", 900, 40), ("中医院", "TCM Hospital", 480, 14),
                  ("妇幼保健院", "Maternity Hospital", 320, 10)]
LOAD = [("bed_occupancy", 600, 0, 200, "", ""), ("emergency_waiting", 600, 0, 2000, "", ""),
        ("emergency_traffic", 600, 0, 3, "", "")]


def near(made, code, spread):
    """A point near the township's own."""
    lon, lat = made.names[code][2][0]
    return (lon + made.rng.uniform(-spread, spread), lat + made.rng.uniform(-spread, spread))


def hospitals(made):
    """40 hospitals: three a district and 19 of townships; JM-H22 is 滨海医院 of the scenario."""
    seat = {"440703": "440703006", "440704": "440704004", "440705": "440705001",
            "440781": "440781001", "440783": "440783001", "440784": "440784001",
            "440785": "440785001"}
    rows = []
    for district, short in DISTRICT_PREFIX.items():
        for kind, kind_en, beds, icu in HOSPITAL_KINDS:
            made_en = place.DISTRICTS[district][1].split()[0]
            rows.append((f"{short}第一{kind}", f"{made_en} No. 1 {kind_en}", seat[district],
                         beds + made.rng.randrange(-80, 80), icu + made.rng.randrange(-4, 5)))
    towns = ["440781110"] + [c for c in sorted(made.cells) if c not in seat.values()][::3]
    for i, code in enumerate(towns[:19]):
        town, town_en, _ = made.names[code]
        name, name_en = ("滨海医院", "Binhai Hospital") if i == 0 else (
            f"{place.short(town)}卫生院", f"{town_en} Health Centre")
        beds = 160 if i == 0 else made.rng.randrange(40, 120)
        rows.append((name, name_en, code, beds, 9 if i == 0 else made.rng.randrange(0, 4)))
    table = []
    for i, (name, name_en, code, beds, icu) in enumerate(rows, 1):
        at = near(made, code, 0.012)
        name, name_en = f"{name}{place.FICTIONAL}", f"{name_en} (fictional)"
        table.append((f"JM-H{i:02}", name, name_en, "health", f"{at[0]:.5f}", f"{at[1]:.5f}",
                      beds, icu))
        made.station(f"JM-H{i:02}", name, name_en, "health", at, LOAD)
    return table


UNIT_KINDS = [  # kind, how many, 中文, English, people, where
    ("boat", 20, "冲锋舟队", "boat crew", 6, COAST + URBAN),
    ("pump", 10, "移动泵车", "pump truck", 4, URBAN),
    ("ambulance", 12, "急救车组", "ambulance crew", 3, URBAN),
    ("patrol", 8, "巡堤队", "dike patrol", 12, COAST),
    ("rescue", 6, "综合救援队", "rescue team", 15, URBAN),
    ("power", 2, "应急发电车", "generator truck", 3, ["440781001", "440703002"]),
    ("comms", 2, "卫星通信车", "satellite truck", 3, ["440785001", "440783001"]),
]


def units(made):
    """60 units."""
    rows = []
    for kind, count, zh, en, people, where in UNIT_KINDS:
        for i in range(count):
            code = where[i % len(where)]
            town, town_en, _ = made.names[code]
            at = near(made, code, 0.01)
            agency = "health" if kind == "ambulance" else "emergency"
            rows.append((f"{kind}-{i + 1:02}", f"{place.short(town)}{zh}{i + 1:02}{place.FICTIONAL}",
                         f"{town_en} {en} {i + 1:02} (fictional)", kind, agency,
                         f"{at[0]:.5f}", f"{at[1]:.5f}", people))
    return rows


def shelters(made):
    """41 shelters, as many as the scenario opens."""
    codes = sorted(made.cells)
    rows = []
    for i in range(41):
        code = codes[(i * 5) % len(codes)]
        town, town_en, _ = made.names[code]
        at = near(made, code, 0.015)
        rows.append((f"JM-S{i + 1:02}", f"{place.short(town)}安置点{i + 1:02}{place.FICTIONAL}",
                     f"{town_en} shelter {i + 1:02} (fictional)", f"{at[0]:.5f}", f"{at[1]:.5f}",
                     made.rng.randrange(6, 40) * 50))
    return rows


def exposure(made):
    """Schools, nursing homes and villages behind dikes: `lon,lat,kind,name,people,vulnerability`."""
    kinds = [("school", "学校", 900, 0.6), ("nursing_home", "养老院", 120, 0.9),
             ("kindergarten", "幼儿园", 210, 0.8)]
    rows = []
    for i, code in enumerate(sorted(made.cells)):
        for kind, zh, people, vulnerability in kinds:
            if kind == "nursing_home" and i % 2:
                continue
            at = near(made, code, 0.015)
            name = f"{place.short(made.names[code][0])}{zh}{place.FICTIONAL}"
            rows.append((f"{at[0]:.5f}", f"{at[1]:.5f}", kind, name,
                         round(people * made.rng.uniform(0.6, 1.5)), vulnerability))
    lon, lat = made.names["440781108"][2][0]
    rows.append((f"{lon + 0.03:.5f}", f"{lat - 0.02:.5f}", "village", f"沙咀围村{place.FICTIONAL}",
                 180, 0.85))
    lon, lat = made.names["440785108"][2][0]
    rows.append((f"{lon - 0.03:.5f}", f"{lat + 0.02:.5f}", "village", f"大槐坑村{place.FICTIONAL}",
                 264, 0.85))
    return rows
