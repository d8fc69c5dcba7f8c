"""stations.csv, datastreams.csv and the hazards whose thresholds belong to single stations."""

import math

import shapely

import place

VALID_FROM = "2020-01-01T00:00:00+08:00"
# Z(1985) = Z(Pearl River datum) + 0.557 m: 1956 Yellow Sea = 1985 + 0.029 = Pearl River + 0.586.
PEARL_OFFSET_M = 0.557

# property: interval_s, min, max, max_rate_per_h, flat_after_s (empty: none)
RAIN = ("rainfall", 300, 0, 80, "", "")
WIND = [("wind_speed", 300, 0, 90, "", ""), ("wind_gust", 300, 0, 110, "", ""),
        ("wind_direction", 300, 0, 360, "", "")]
COAST_WIND = [(name, 60, low, high, rate, flat) for name, _, low, high, rate, flat in WIND]


class Instruments:
    """Collects rows in file order."""

    def __init__(self, rng, cells, names):
        self.rng, self.cells, self.names = rng, cells, names
        self.stations, self.streams, self.used = [], [], set()
        self.rivers, self.tides, self.reservoirs, self.discharges = [], [], [], []

    def invent(self, code):
        """A name that no other station has: 台城·松岭."""
        while True:
            zh, en = self.rng.choice(place.INVENTED)
            if (code, zh) not in self.used:
                self.used.add((code, zh))
                town, town_en, _ = self.names[code]
                return f"{place.short(town)}{zh}", (en, town_en.rsplit(" ", 1)[0])

    def inside(self, code):
        """A random point of a township, not at its very edge."""
        outline = self.cells[code]
        inner = outline.buffer(-0.004)
        inner = inner if not inner.is_empty else outline
        west, south, east, north = inner.bounds
        while True:
            p = shapely.Point(self.rng.uniform(west, east), self.rng.uniform(south, north))
            if inner.covers(p):
                return p.x, p.y

    def station(self, code, name, name_en, agency, at, streams, datum="", offset=""):
        """One station with its datastreams."""
        self.stations.append((code, name, name_en, agency, f"{at[0]:.5f}", f"{at[1]:.5f}",
                              datum, offset, VALID_FROM))
        for stream in streams:
            self.streams.append((code, *stream, VALID_FROM))

    def township_of(self, at):
        """The township a point lies in or nearest to."""
        p = shapely.Point(at)
        return min(sorted(self.cells), key=lambda c: self.cells[c].distance(p))


def fictional(zh, en, what, what_en):
    """A name that says that it is invented."""
    spot, town = en
    return f"{zh}{what}{place.FICTIONAL}", f"{spot} {what_en}, {town} (fictional)"


def rain(made):
    """190 gauges: every township has two or three; the weather office's also measure wind."""
    codes = sorted(made.cells)
    order = [codes[i % len(codes)] for i in range(190)]
    for number, code in enumerate(order, 1):
        weather = number <= 110
        zh, en = made.invent(code)
        streams = [RAIN]
        if weather and number % 2 == 0:
            streams += WIND
        if weather and number % 4 == 0:
            streams += [("air_temperature", 300, -10, 45, "", ""), ("pressure", 300, 880, 1060, "", "")]
        what = ("气象站", "weather station") if weather else ("雨量站", "rain gauge")
        name, name_en = fictional(zh, en, *what)
        agency = "weather" if weather else "hydrology"
        made.station(f"JM-{number:04}", name, name_en, agency, made.inside(code), streams)


# The three real stations: id, name, English, river, position (approximate), warning stage.
REAL = [
    ("JM-0201", "西海水道江门站", "Jiangmen on the Xihai Waterway", (113.118, 22.607), 3.80, True),
    ("JM-0202", "磨刀门水道大敖站", "Da'ao on the Modaomen Waterway", (113.216, 22.469), 2.60, True),
    ("JM-0203", "西江鹤山港站", "Heshan Port on the Xijiang", (113.0, 22.797), 5.40, False),
]
LEVEL = ("water_level", 300, -5, 40, 6, 21600)


def river(made):
    """The three real stations and 33 invented ones along the schematic rivers."""
    for code, name, name_en, at, warning, tidal in REAL:
        made.station(code, name, name_en, "hydrology", at, [LEVEL], "local", "")
        made.rivers.append((code, name, warning, None, None, tidal, "local"))
    number = 204
    per_river = {"xijiang": 3, "jiangmen": 2, "tanjiang": 10, "zhenhai": 4, "taicheng": 3,
                 "baisha": 2, "liantang": 2, "xiangang": 2, "xinqiao": 2, "dalongdong": 3}
    for code, name, name_en, tidal_from, line in place.RIVERS:
        for i in range(per_river[code]):
            share = (i + 0.6) / (per_river[code] + 0.2)
            at = place.along(line, share)
            vertex = share * (len(line) - 1)
            tidal = tidal_from is not None and vertex >= tidal_from
            big = code in ("xijiang", "tanjiang")
            warning = round((7.5 if big else 9.0) * (1 - share) ** 1.2 + (2.2 if tidal else 3.4), 2)
            zh, en = made.invent(made.township_of(at))
            zh_name, en_name = fictional(f"{name}{zh}", en, "水文站", f"gauge on the {name_en}")
            streams = [LEVEL]
            if not tidal and i % 2 == 0:
                streams.append(("discharge", 300, 0, 30000, "", ""))
                base = {"xijiang": 22000, "tanjiang": 900}.get(code, 260)
                made.discharges.append((f"JM-{number:04}", zh_name, round(base * (0.6 + share))))
            made.station(f"JM-{number:04}", zh_name, en_name, "hydrology", at, streams,
                         "pearl_river", PEARL_OFFSET_M)
            rise = 0.9 if tidal else 1.6
            guarantee = round(warning + rise * 0.6, 2)
            made.rivers.append((f"JM-{number:04}", zh_name, warning, guarantee,
                                round(warning + rise, 2), tidal, "pearl_river"))
            number += 1


RESERVOIR_NAMES = ["岭背", "松坑", "龙潭", "石涧", "金鸡坑", "青莲", "白水带", "横坑", "梅洞", "狮山",
                   "大坑", "凤山", "竹湾", "深坑", "鹤坑", "牛牯岭", "沙田坑", "合水", "茅坪", "云台",
                   "桂坑", "长坑", "马山", "东坑", "莲塘", "花坑", "塘坑", "响水", "立新坑", "鱼梁",
                   "双坑", "高田", "黄竹", "老虎坑", "田心", "望海", "尖石", "古兜坑", "冷水坑", "杨梅",
                   "石门", "蕉坑"]


def reservoir(made):
    """42 invented reservoirs in the hilly townships; the first is 岭背水库 of the scenario."""
    hilly = [c for c in sorted(made.cells) if made.cells[c].area > 0.006]
    for i, name in enumerate(RESERVOIR_NAMES):
        code = f"JM-{301 + i:04}"
        township = "440785107" if i == 0 else hilly[(i * 7) % len(hilly)]
        large = i % 4 == 0
        limit = round(made.rng.uniform(22, 96), 2)
        streams = [("water_level", 300, round(limit - 25, 1), round(limit + 12, 1), 3, 43200), RAIN]
        if large:
            streams += [("inflow", 600, 0, 5000, "", ""), ("outflow", 600, 0, 5000, "", "")]
        zh, en = f"{name}水库", f"Reservoir {i + 1:02}, {made.names[township][1]}"
        made.station(code, f"{zh}{place.FICTIONAL}", f"{en} (fictional)", "water",
                     made.inside(township), streams, "1985", 0)
        made.reservoirs.append((code, zh, limit, round(limit + 1.2, 2), round(limit + 2.6, 2),
                                round(limit + 3.8, 2)))


COAST = ["440781108", "440781107", "440781110", "440781111", "440781112", "440781114",
         "440781113", "440781115", "440705105", "440785100"]


def shore(made, city, code, seaward):
    """A point just inside a township's coast, the most seaward on its bearing (degrees)."""
    edge = made.cells[code].boundary.intersection(city.boundary.buffer(1e-4))
    edge = edge if not edge.is_empty else made.cells[code].boundary
    points = shapely.get_coordinates(edge)
    u = (math.sin(math.radians(seaward)), math.cos(math.radians(seaward)))
    best = max((tuple(p) for p in points), key=lambda p: (p[0] * u[0] + p[1] * u[1], p))
    target = made.cells[code].representative_point()
    return (best[0] + (target.x - best[0]) * 0.05, best[1] + (target.y - best[1]) * 0.05)


def sea(made, city):
    """14 tide gauges and 24 wind masts on the coast and the islands."""
    for i in range(14):
        code = COAST[i % len(COAST)]
        at = shore(made, city, code, [150, 110, 190, 220][i % 4])
        zh, en = made.invent(code)
        name, name_en = fictional(zh, en, "潮位站", "tide gauge")
        number = f"JM-{401 + i:04}"
        made.station(number, name, name_en, "sea", at,
                     [("tide_level", 300, -4, 9, 4, 3600)], "pearl_river", PEARL_OFFSET_M)
        made.tides.append((number, name, round(1.85 + 0.04 * (i % 6), 2)))
    for i in range(24):
        code = COAST[(i * 5) % len(COAST)]
        at = made.inside(code) if i % 2 else shore(made, city, code, 90 + 13 * i)
        zh, en = made.invent(code)
        name, name_en = fictional(zh, en, "测风站", "wind mast")
        made.station(f"JM-{501 + i:04}", name, name_en, "weather", at, COAST_WIND)


URBAN = ["440703002", "440703006", "440704001", "440704004", "440705001", "440781001",
         "440783001", "440783002", "440784001", "440785001", "440703103", "440703101"]
SPOTS = ["下穿隧道", "立交桥底", "铁路涵洞", "市场路口", "学校路口", "旧城巷口", "车站广场", "低洼路段"]
SPOTS_EN = ["underpass", "flyover", "rail culvert", "market crossing", "school crossing",
            "old-town lane", "station square", "low road"]


def ponding(made):
    """56 known flood spots in the towns."""
    for i in range(56):
        code = URBAN[i % len(URBAN)]
        zh, en = made.invent(code)
        k = made.rng.randrange(len(SPOTS))
        name, name_en = fictional(zh, en, SPOTS[k], SPOTS_EN[k])
        lon, lat = made.names[code][2][0]
        at = (lon + made.rng.uniform(-0.025, 0.025), lat + made.rng.uniform(-0.02, 0.02))
        made.station(f"JM-{601 + i:04}", name, name_en, "drainage", at,
                     [("ponding_depth", 60, 0, 400, 600, "")])
