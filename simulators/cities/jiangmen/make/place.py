"""Names, rivers and small geometry that the city's files are made from.

The river lines are drawn by hand and are schematic: they show which reach lies above which,
not where a bank is.
"""

import csv
import pathlib

HERE = pathlib.Path(__file__).parent
SOURCES = HERE / "sources"

FICTIONAL = "(虚构)"

DISTRICTS = {
    # code: (name, English, people of the 2020 census in rounded 10,000s)
    "440703": ("蓬江区", "Pengjiang District", 850_000),
    "440704": ("江海区", "Jianghai District", 360_000),
    "440705": ("新会区", "Xinhui District", 910_000),
    "440781": ("台山市", "Taishan City", 910_000),
    "440783": ("开平市", "Kaiping City", 750_000),
    "440784": ("鹤山市", "Heshan City", 530_000),
    "440785": ("恩平市", "Enping City", 480_000),
}

# Points whose row has no township code, and the township they stand for. 川岛 is two islands
# and a harbour on the mainland: three points, one cell.
POINTS_BY_HAND = {
    "8333963": "440704001",  # 江南
    "1913114": "440705110",  # 大鳌
    "1796989": "440783002",  # 长沙
    "1811729": "440785001",  # 恩城
    "1913339": "440781115",  # 下川
    "1913369": "440781115",  # 上川
}

# Towns that are the seat of a district or a market town: their share of the district's people
# is larger. City's own estimate, for the exposure of a demonstration.
SEATS = {
    "440703002": 5.0, "440703006": 5.0, "440703101": 2.0, "440703103": 2.0,
    "440704001": 3.0, "440704004": 2.0, "440705001": 6.0, "440781001": 6.0,
    "440781110": 1.5, "440783001": 4.0, "440783002": 4.0, "440783117": 2.5,
    "440784001": 6.0, "440785001": 6.0, "440785103": 1.5,
}

# Invented place names (pinyin beside them); some such place surely exists somewhere.
INVENTED = [
    ("松岭", "Songling"), ("竹坑", "Zhukeng"), ("榕塘", "Rongtang"), ("白石", "Baishi"),
    ("莲湖", "Lianhu"), ("石角", "Shijiao"), ("龙背", "Longbei"), ("旧圩", "Jiuxu"),
    ("新基", "Xinji"), ("大围", "Dawei"), ("上坑", "Shangkeng"), ("下塱", "Xialang"),
    ("桂林咀", "Guilinzui"), ("水背", "Shuibei"), ("东岸", "Dong'an"), ("西冲", "Xichong"),
    ("南坑", "Nankeng"), ("北洋", "Beiyang"), ("金竹", "Jinzhu"), ("石桥", "Shiqiao"),
    ("塘面", "Tangmian"), ("横岗", "Henggang"), ("高咀", "Gaozui"), ("沙湾", "Shawan"),
    ("蕉园", "Jiaoyuan"), ("荔枝岭", "Lizhiling"), ("鹤咀", "Hezui"), ("梅坑", "Meikeng"),
    ("井头", "Jingtou"), ("麻园", "Mayuan"), ("凤鸣", "Fengming"), ("泰和", "Taihe"),
    ("永安", "Yong'an"), ("长堤", "Changdi"), ("三角塘", "Sanjiaotang"), ("狮山", "Shishan"),
    ("牛栏", "Niulan"), ("官冲", "Guanchong"), ("茶坑", "Chakeng"), ("古榕", "Gurong"),
]

# Rivers: id, name, English, tidal below which vertex (None: not tidal), line downstream.
RIVERS = [
    ("xijiang", "西江", "Xijiang River", 4,
     [(112.925, 22.857), (112.955, 22.835), (112.99, 22.805), (113.06, 22.735), (113.112, 22.665),
      (113.116, 22.612), (113.172, 22.578), (113.19, 22.53), (113.2, 22.485), (113.222, 22.46),
      (113.25, 22.41)]),
    ("jiangmen", "江门水道", "Jiangmen Waterway", 0,
     [(113.116, 22.612), (113.085, 22.58), (113.062, 22.525), (113.065, 22.47), (113.07, 22.43)]),
    ("tanjiang", "潭江", "Tanjiang River", 7,
     [(112.1, 22.075), (112.165, 22.125), (112.235, 22.16), (112.31, 22.19), (112.37, 22.25),
      (112.425, 22.305), (112.53, 22.285), (112.585, 22.325), (112.69, 22.368), (112.775, 22.432),
      (112.9, 22.44), (112.985, 22.44), (113.055, 22.43), (113.085, 22.36), (113.07, 22.22),
      (113.06, 22.12)]),
    ("zhenhai", "镇海水", "Zhenhai Stream", None,
     [(112.47, 22.6), (112.5, 22.52), (112.555, 22.475), (112.62, 22.41), (112.68, 22.372)]),
    ("taicheng", "台城河", "Taicheng River", None,
     [(112.84, 22.2), (112.785, 22.25), (112.735, 22.31), (112.69, 22.36)]),
    ("baisha", "白沙水", "Baisha Stream", None,
     [(112.57, 22.17), (112.6, 22.25), (112.63, 22.315), (112.675, 22.362)]),
    ("liantang", "莲塘水", "Liantang Stream", None,
     [(112.37, 22.45), (112.425, 22.39), (112.44, 22.315)]),
    ("xiangang", "蚬冈水", "Xiangang Stream", None,
     [(112.47, 22.12), (112.51, 22.2), (112.535, 22.28)]),
    ("xinqiao", "新桥水", "Xinqiao Stream", None,
     [(112.76, 22.6), (112.735, 22.49), (112.77, 22.435)]),
    ("dalongdong", "大隆洞河", "Dalongdong River", None,
     [(112.65, 22.12), (112.7, 22.075), (112.765, 22.045), (112.8, 21.97)]),
]


def township_points():
    """Township code -> [(lon, lat)], and code -> (name, English)."""
    names = {}
    with open(SOURCES / "townships.csv", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            names[row["code"]] = row["name"]
    points, english = {}, {}
    with open(SOURCES / "township_points.csv", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            code = row["street_code"] or POINTS_BY_HAND.get(row["geonameid"])
            if not code or code not in names:
                continue
            points.setdefault(code, []).append((float(row["lon"]), float(row["lat"])))
            kind = "Subdistrict" if names[code].endswith("街道") else "Town"
            if code not in english or row["street_code"]:
                english[code] = f"{row['name']} {kind}".replace("’", "'")
    return {c: (names[c], english[c], points[c]) for c in sorted(points)}


def short(name):
    """台城街道 -> 台城."""
    return name.removesuffix("街道").removesuffix("镇")


def along(line, share):
    """The point at `share` (0 to 1) of a line's length, degrees."""
    lengths = [((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5 for a, b in zip(line, line[1:])]
    left = share * sum(lengths)
    for (a, b), length in zip(zip(line, line[1:]), lengths):
        if left <= length:
            f = left / length if length else 0.0
            return (a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f)
        left -= length
    return line[-1]
